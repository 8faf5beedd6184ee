import { expect, it } from "vitest";
import type { Channel } from "../../channel.ts";
import type { PrimaryCalls } from "./calls.ts";
import { createPrimarySource } from "./primary-source.ts";

it("makes the primary revalidate an instance for a caller that needs it read again, and for no other", async () => {
	const asked: unknown[] = [];
	const primary = {
		async call(_name: string, argument: unknown) {
			asked.push(argument);
			return { instance: undefined, isReported: true };
		},
	} as unknown as Channel<PrimaryCalls>;
	const source = createPrimarySource(primary, { hasLastKnownOwners: false });
	await Promise.all([source.instance("vm", "wiring", undefined, true), source.instance("vm", "wiring")]);
	expect(asked).toEqual([
		{ id: "vm", detail: "wiring", revalidate: true },
		{ id: "vm", detail: "wiring", revalidate: false },
	]);
});
