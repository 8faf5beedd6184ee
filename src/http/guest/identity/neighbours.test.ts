import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { guest } from "../../../../test/metadata-service.ts";
import { addressIdentity } from "./address.ts";
import { createNeighbourFinder } from "./neighbours.ts";
import type { Caller } from "./requester.ts";

const MAC = "fa:16:3e:00:00:01";
const instance = guest({ id: "one", address: "10.0.0.5", macAddress: MAC });
const lookup = {
	owners: ({ macAddress }: { macAddress?: string }) =>
		macAddress === MAC ? [{ id: instance.id, networkId: "net-1" }] : [],
};

describe("the neighbour table", () => {
	it("is read again for questions that come after a read has started, but once for all that come meanwhile", async () => {
		let reads = 0;
		const reading = [Promise.withResolvers<Map<string, string>>(), Promise.withResolvers<Map<string, string>>()];
		const find = createNeighbourFinder(() => reading[reads++]?.promise ?? Promise.reject(new Error("a third read")));
		const before = find("fe80::1", "br0");
		await expect.poll(() => reads).toBe(1);
		const after = Array.from({ length: 50 }, () => find("fe80::1", "br0"));
		reading[0]?.resolve(new Map([["fe80::1%br0", "fa:16:3e:00:00:aa"]]));
		reading[1]?.resolve(new Map([["fe80::1%br0", MAC]]));
		expect(await before).toBe("fa:16:3e:00:00:aa");
		expect(new Set(await Promise.all(after))).toEqual(new Set([MAC]));
		expect(reads).toBe(2);
	});

	it("is readable, and has no entry for an interface that does not exist", async () => {
		expect(await createNeighbourFinder()("fe80::1", "no-such-interface")).toBeUndefined();
	});
});

it("a table of any size that a kernel has is read", async () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-neighbours-"));
	const entries = Array.from({ length: 30_000 }, (_, at) => ({
		...{ dst: `fe80::1:${(at + 1).toString(16)}`, dev: "br0", lladdr: "fa:16:3e:00:00:02", state: ["STALE"] },
	}));
	writeFileSync(join(folder, "table.json"), JSON.stringify([...entries, { dst: "fe80::1", dev: "br0", lladdr: MAC }]));
	writeFileSync(join(folder, "ip"), `#!/bin/sh\ncat ${join(folder, "table.json")}\n`, { mode: 0o755 });
	vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
	onTestFinished(() => {
		vi.unstubAllEnvs();
		rmSync(folder, { recursive: true });
	});
	expect(await createNeighbourFinder()("fe80::1", "br0")).toBe(MAC);
});

describe("a link-local peer without a MAC address in its address", () => {
	const identify = async (remoteAddress: string, find = async () => undefined as string | undefined) => {
		const caller = addressIdentity(lookup, find)({ rawHeaders: [], socket: { remoteAddress } }, false) as Caller;
		return caller.identified;
	};

	it("is the instance with the MAC address that the table has for it on that interface", async () => {
		const asked: string[] = [];
		const find = async (address: string, zone: string) => {
			asked.push(`${address} ${zone}`);
			return MAC;
		};
		const caller = addressIdentity(lookup, find)({ rawHeaders: [], socket: { remoteAddress: "fe80::12%br0" } }, false);
		expect(await (caller as Caller).identified).toMatchObject({ id: "one" });
		expect(asked).toEqual(["fe80::12 br0"]);
	});

	it("is asked to try again if the table has none, or can't be read", async () => {
		expect(await identify("fe80::12%br0")).toMatchObject({ reason: "unidentified-peer" });
		const broken = async () => Promise.reject(new Error("spawn ip ENOENT"));
		const refusal = await identify("fe80::12%br0", broken);
		expect(refusal).toMatchObject({ reason: "unidentified-peer", detail: expect.stringContaining("spawn ip ENOENT") });
	});

	it("has no instance if no port has that MAC address", async () => {
		expect(await identify("fe80::12%br0", async () => "fa:16:3e:00:00:02")).toMatchObject({ reason: "no-owner" });
	});
});
