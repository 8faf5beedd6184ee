import fc from "fast-check";
import { expect, test } from "vitest";
import { createDriveLinks, driveUrl, linkExpiry } from "./drive-links.ts";

const NOW = Date.UTC(2026, 0, 1);
const links = createDriveLinks(Buffer.alloc(32, 1), () => NOW);
const expires = linkExpiry(60, NOW);
const link = links.sign("metal-1", expires);

test("a link gives access to the drive of its instance until it expires", () => {
	expect(links.refusal("metal-1", link)).toBeUndefined();
	expect(links.refusal("METAL-1", link)).toBeUndefined();
	expect(links.refusal("metal-2", link)).toBe("wrong");
	const at = (now: number) => createDriveLinks(Buffer.alloc(32, 1), () => now).refusal("metal-1", link);
	expect([at(expires * 1000 - 1), at(expires * 1000), at(expires * 1000 + 1)]).toEqual([
		undefined,
		"expired",
		"expired",
	]);
});

test("a link made with another key, and anything else, is invalid", () => {
	expect(createDriveLinks(Buffer.alloc(32, 2), () => NOW).refusal("metal-1", link)).toBe("wrong");
	for (const other of [
		undefined,
		"",
		[link],
		[link, link],
		`${link}=`,
		` ${link}`,
		link.slice(1),
		`0${link}`,
		`${link}x`,
	]) {
		expect(links.refusal("metal-1", other), `${other}`).toBe("wrong");
	}
	const later = `${expires + 1}-${link.split("-").slice(1).join("-")}`;
	expect(links.refusal("metal-1", later)).toBe("wrong");
	const changed = fc.property(fc.nat(link.length - 1), fc.constantFrom(..."AZaz09-_"), (at, character) => {
		fc.pre(link[at] !== character && at < link.length - 1);
		expect(links.refusal("metal-1", link.slice(0, at) + character + link.slice(at + 1))).toBe("wrong");
	});
	fc.assert(changed);
	const anything = fc.property(fc.string(), fc.string(), (id, text) => {
		expect(links.refusal(id, text)).toBe("wrong");
	});
	fc.assert(anything);
});

test("ids that are split differently have different links", () => {
	const signature = (id: string, expires: number) => links.sign(id, expires).replace(/^\d+-/, "");
	expect(signature("a1", 23)).not.toBe(signature("a", 123));
	expect(signature('a","1', 23)).not.toBe(signature("a", 123));
});

test("a URL contains the id, whatever it is", () => {
	expect(driveUrl("https://guestwire.example/", "a/ü", link)).toBe(
		`https://guestwire.example/api/instances/a%2F%C3%BC/config-drive?link=${link}`,
	);
});
