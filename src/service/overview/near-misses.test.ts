import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordedInstances } from "../../../test/metadata-service.ts";
import { indexedInstance } from "./indexed-instance.ts";
import { nearMisses, type RefusedRequest } from "./near-misses.ts";

const indexed = recordedInstances.map((instance) =>
	indexedInstance({ id: instance.id, name: instance.server?.name ?? "" }, instance),
);

describe("near misses", () => {
	const trunk = indexed.find(({ name }) => name === "f-trunk") ?? indexed[0];
	const [port] = trunk?.ports ?? [];

	const misses = async (source: RefusedRequest) => (await nearMisses([source], indexed))[0] ?? [];

	it("names the port with the address on another network", async () => {
		const [first] = await misses({ peer: "10.9.9.9", address: port?.addresses[0], networkId: "elsewhere" });
		expect(first).toMatchObject({ instance: trunk?.id, port: port?.id });
		expect(first?.why).toContain("elsewhere");
	});

	it("names the port with the address next to it, on that network only", async () => {
		const [address = ""] = port?.addresses ?? [];
		const next = address.replace(/\d+$/, (digits) => String(Number(digits) + 1));
		const found = await misses({ address: next, networkId: port?.networkId });
		expect(found.map(({ instance }) => instance)).toContain(trunk?.id);
		expect(await misses({ address: next, networkId: "elsewhere" })).toEqual([]);
	});

	it("says which project owns the instance that was claimed", async () => {
		const [owned] = recordedInstances;
		const [instance] = indexed;
		const found = await misses({ instance: instance?.id, projectId: "another" });
		expect(found).toEqual([
			expect.objectContaining({ instance: instance?.id, why: expect.stringContaining(owned?.projectId ?? "") }),
		]);
	});

	it("says what did not match if all compared values do", async () => {
		const address = port?.addresses[0];
		const whyOf = async (source: RefusedRequest) =>
			(await misses(source)).find((miss) => miss.instance === trunk?.id)?.why;
		expect(await whyOf({ address, routerId: "router-9", reason: "no-owner" })).toMatch(
			/^the address matches on network .+; router router-9 is not connected to this network$/,
		);
		expect(await whyOf({ instance: trunk?.id, reason: "wrong-signature" })).toMatch(
			/^the id matches; the signature is not/,
		);
		const allowed = { peer: "192.0.2.9", address, networkId: port?.networkId };
		expect(await whyOf({ ...allowed, reason: "peer-not-allowed" })).toContain("; the peer 192.0.2.9 is not in `allow`");
		expect(await whyOf({ ...allowed, reason: "several-owners" })).toContain("; it is not the only instance");
	});

	it("finds nothing for an empty source, and accepts any text", async () => {
		expect(await misses({})).toEqual([]);
		await fc.assert(
			fc.asyncProperty(
				fc.string(),
				fc.string(),
				async (address, networkId) => void (await misses({ address, networkId })),
			),
		);
	});

	it("finds for each of several sources what it finds for that one alone", async () => {
		const sources = indexed.flatMap(({ id, ports }) => [
			{ instance: id },
			...ports.map(({ addresses: [address], networkId }) => ({ address, networkId })),
			...ports.map(({ addresses: [address] }) => ({ address, routerId: "r" })),
		]);
		const alone = await Promise.all(sources.map(misses));
		expect(await nearMisses(sources, indexed)).toEqual(alone);
		expect(alone.filter((found) => found.length === 0)).toHaveLength(
			indexed.flatMap(({ ports }) => ports).filter(({ addresses }) => addresses.length === 0).length * 2,
		);
	});
});
