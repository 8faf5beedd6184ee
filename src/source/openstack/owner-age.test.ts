/** However look-ups share what they have in common, an address is never given to an owner that lost it over 5 s ago. */
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../../test/fake-openstack.ts";
import { recordedCase } from "../../../test/recorded.ts";
import { createInstanceCache, type InstanceCache } from "../instance-cache.ts";
import type { PortQuery } from "../source.ts";
import { openStackKind } from "./kind.ts";

/** Milliseconds. */
const BOUND = 5000;
/** The look-ups that share begin so long before the one that is judged. */
const SHARED = 1900;

let fake: FakeOpenStack;
let instances: InstanceCache;
beforeEach(async () => {
	vi.useFakeTimers({ toFake: ["performance"] });
	fake = await startFakeOpenStack();
	const { source, ...ages } = await openStackKind.open({}, { env: fake.env, profile: "full", freshness: 15 });
	instances = createInstanceCache(source, ages);
});
afterEach(async () => {
	vi.useRealTimers();
	await instances.close();
	await fake.close();
});

const idsOf = async (query: PortQuery) => (await instances.owners(query, undefined, true)).map(({ id }) => id);

/** Asks a little before the shared answer ends, and when the change after it is older than the bound. */
async function beforeAndAfter(sharing: PortQuery, judged: PortQuery, change: () => void) {
	await idsOf(sharing);
	change();
	vi.advanceTimersByTime(SHARED);
	const before = await idsOf(judged);
	vi.advanceTimersByTime(BOUND - SHARED + 1);
	return [before, await idsOf(judged)];
}

test("a subport whose trunk has passed to another instance", async () => {
	const { facts } = recordedCase("f-trunk");
	const other = recordedCase("h1-full").facts;
	const [first, second] = facts.subports.map(({ network_id: networkId, fixed_ips }) => ({
		...{ networkId, address: fixed_ips[0]?.ip_address ?? "" },
	}));
	const found = await beforeAndAfter(first ?? {}, second ?? {}, () => {
		for (const trunk of fake.records.trunks)
			if (trunk["port_id"] === facts.ports[0]?.id) trunk["port_id"] = other.ports[0]?.id;
	});
	expect(found).toEqual([[facts.id], [other.id]]);
});

test("an address behind a router that no longer serves its network", async () => {
	const { facts } = recordedCase("h1-full");
	const [nic] = facts.ports;
	const routerId = randomUUID();
	const router = { ...nic, id: randomUUID(), device_id: routerId, device_owner: "network:router_interface" };
	fake.records.ports.push({ ...router, fixed_ips: [] });
	const judged = { routerId, address: nic?.fixed_ips[0]?.ip_address ?? "" };
	const found = await beforeAndAfter({ routerId, address: "192.0.2.1" }, judged, () => {
		for (const port of fake.records.ports) if (port["device_id"] === routerId) port["network_id"] = randomUUID();
	});
	expect(found).toEqual([[facts.id], []]);
});
