import { expect, it } from "vitest";
import { guest } from "../../../test/metadata-service.ts";
import { GuestwireError } from "../../errors.ts";
import type { Change } from "../../source/source.ts";
import { createInstanceIndex } from "./index-loader.ts";

const fail = (error: unknown) => {
	throw error;
};

/** A local source of guests, by their ids and addresses, which can be away. */
function guestsIn(addresses: Record<string, string>) {
	const away = new Set<string>();
	const failIfAway = (what: string) => {
		if (away.has(what)) throw new GuestwireError("state", `${what} is away`);
	};
	let report: (change: Change) => void = () => {};
	return {
		away,
		report: (change: Change) => report(change),
		source: {
			async list() {
				failIfAway("list");
				return Object.keys(addresses).map((id) => ({ id, name: id }));
			},
			async instance(id: string) {
				failIfAway(id);
				const { [id]: address } = addresses;
				return address === undefined ? undefined : guest({ id, address });
			},
			onChange(listener: (change: Change) => void) {
				report = listener;
			},
		},
	};
}

it("reads everything again after a change of everything, though the list can't be read at first", {
	timeout: 30_000,
}, async () => {
	const addresses = { vm: "192.0.2.7" };
	const { source, away, report } = guestsIn(addresses);
	let failures = 0;
	const onError = () => void failures++;
	const index = createInstanceIndex({ source, isLocal: true, onChange: () => {}, onError });
	const found = () => index.instances.get("vm")?.ports.flatMap((port) => port.addresses);
	await expect.poll(found).toEqual(["192.0.2.7"]);
	away.add("list");
	addresses.vm = "192.0.2.8";
	report({ kind: "everything", ids: [] });
	await expect.poll(() => failures, { timeout: 5000 }).toBe(1);
	away.clear();
	await expect.poll(found, { timeout: 20_000 }).toEqual(["192.0.2.8"]);
	await index.close();
});

it("shows the other instances while one can't be read, and reads that one again", { timeout: 60_000 }, async () => {
	const addresses: Record<string, string> = { odd: "192.0.2.1", vm: "192.0.2.2" };
	const { source, away, report } = guestsIn(addresses);
	away.add("odd");
	const changed: (readonly string[] | undefined)[] = [];
	let failures = 0;
	const index = createInstanceIndex({
		...{ source, isLocal: true, onError: () => void failures++ },
		onChange: (ids) => changed.push(ids),
	});
	const shown = () =>
		Array.from(index.instances.values(), ({ id, ports }) => [id, ...ports.flatMap((port) => port.addresses)]);
	await expect.poll(() => index.isComplete).toBe(true);
	expect(shown()).toEqual([["odd"], ["vm", "192.0.2.2"]]);
	addresses["vm"] = "192.0.2.3";
	report({ kind: "server", ids: ["odd", "vm"] });
	await expect.poll(shown, { timeout: 5000 }).toEqual([["odd"], ["vm", "192.0.2.3"]]);
	expect(failures).toBeGreaterThan(0);
	away.clear();
	await expect.poll(shown, { timeout: 20_000 }).toEqual([
		["odd", "192.0.2.1"],
		["vm", "192.0.2.3"],
	]);
	expect(changed.at(-1)).toEqual(["odd"]);
	await index.close();
});

it("forgets what the first list named and is gone, once the source knows all instances", {
	timeout: 30_000,
}, async () => {
	const addresses: Record<string, string> = { vm: "192.0.2.1", gone: "192.0.2.2" };
	const { source } = guestsIn(addresses);
	let isFilled = false;
	const changed: (readonly string[] | undefined)[] = [];
	const index = createInstanceIndex({
		...{ source: { ...source, isFilled: () => isFilled }, isLocal: true, onError: fail },
		onChange: (ids) => changed.push(ids),
	});
	await expect.poll(() => [...index.instances.keys()]).toEqual(["vm", "gone"]);
	delete addresses["gone"];
	isFilled = true;
	await expect.poll(() => [...index.instances.keys()], { timeout: 20_000 }).toEqual(["vm"]);
	// Nothing could be compared before.
	await expect.poll(() => changed.at(-1)).toBeUndefined();
	await index.close();
});
