/**
 * Known guests are answered while the cloud's APIs accept connections and say nothing.
 *
 * @module-tag slow
 */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createInstanceCache, type InstanceCache } from "../src/source/instance-cache.ts";
import { openOpenStackSource } from "../src/source/openstack/index.ts";
import { type FakeOpenStack, startFakeOpenStack } from "./fake-openstack.ts";
import { SECRET, send, signature, startTestService, type TestService } from "./metadata-service.ts";
import { recordedCase } from "./recorded.ts";

const GUESTS = 70;
/** Seconds since all guests were answered, each time that all of them ask again. */
const ROUNDS = [20, 60, 120];
const PATHS = ["network_data.json", "meta_data.json"].map((name) => `/openstack/latest/${name}`);
const { facts } = recordedCase("h1-full");
const [nic = undefined as never] = facts.ports;

let fake: FakeOpenStack;
let instances: InstanceCache;
let service: TestService;
const clock = { seconds: 0 };
beforeEach(async () => {
	fake = await startFakeOpenStack();
	instances = createInstanceCache(await openOpenStackSource({ env: fake.env }), { now: () => clock.seconds * 1000 });
	service = await startTestService(
		[
			{ listen: "127.0.0.1:0", identity: { mode: "signed", secret: SECRET } },
			{
				listen: `unix:${join(tmpdir(), `guestwire-hung-${process.pid}.sock`)}`,
				identity: { mode: "network", allow: [] },
			},
		],
		{ instances },
	);
});
afterEach(async () => {
	await service.close();
	await instances.close();
	await fake.close();
});

/** Adds a server like the recorded one, with an address of its own. */
function addGuest(n: number): { id: string; address: string } {
	const guest = { id: randomUUID(), address: `10.1.7.${n + 1}` };
	const [server] = fake.records.servers.filter(({ id }) => id === facts.id);
	if (server === undefined) throw new Error("the recording has no such server");
	fake.records.servers.push({ ...server, id: guest.id, addresses: {} });
	const fixed_ips = [{ subnet_id: nic.fixed_ips[0]?.subnet_id, ip_address: guest.address }];
	const mac_address = `fa:16:3e:77:00:${n.toString(16).padStart(2, "0")}`;
	fake.records.ports.push({ ...nic, id: randomUUID(), device_id: guest.id, mac_address, fixed_ips });
	return guest;
}

test("every one, whichever identity its listener has", { timeout: 120_000 }, async () => {
	const guests = Array.from({ length: GUESTS }, (_, n) => addGuest(n));
	const [signed = "", network = ""] = service.addresses;
	const askers = {
		signed: ({ id }: (typeof guests)[number], path: string) =>
			send(signed, {
				path,
				headers: [
					["X-Instance-ID", id],
					["X-Tenant-ID", facts.server?.tenant_id ?? ""],
					["X-Instance-ID-Signature", signature(id)],
				],
			}),
		network: ({ address }: (typeof guests)[number], path: string) =>
			send(network, {
				path,
				headers: [
					["X-OVN-Network-ID", nic.network_id],
					["X-Forwarded-For", address],
				],
			}),
	};
	/** How many guests got all documents, by identity. */
	const countAnswered = async () => {
		const counts = Object.entries(askers).map(async ([identity, ask]) => {
			const answered = guests.map(async (guest) =>
				(await Promise.all(PATHS.map((path) => ask(guest, path)))).every(({ status }) => status === 200),
			);
			return [identity, (await Promise.all(answered)).filter(Boolean).length];
		});
		return Object.fromEntries(await Promise.all(counts));
	};
	const all = { signed: GUESTS, network: GUESTS };
	expect(await countAnswered()).toEqual(all);
	fake.fault = () => () => {};
	const since = clock.seconds;
	for (const seconds of ROUNDS) {
		clock.seconds = since + seconds;
		const counts = await countAnswered();
		console.log(`after ${seconds} s: ${JSON.stringify(counts)} of ${GUESTS} known guests are answered`);
		expect(counts).toEqual(all);
	}
});
