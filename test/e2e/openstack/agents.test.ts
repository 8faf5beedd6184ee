import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Answered, deviationsOf } from "../../../src/documents/deviations.ts";
import { normalizePath } from "../../../src/documents/paths.ts";
import { eventually } from "./api.ts";
import { type Answer, askAllFrom, askFrom } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { NOVA_METADATA, runInside } from "./laboratory.ts";

const PATHS = [
	"/openstack",
	"/openstack/latest/meta_data.json",
	"/openstack/latest/network_data.json",
	"/openstack/latest/vendor_data2.json",
	"/openstack/latest/user_data",
	"/latest/meta-data/",
	"/latest/meta-data/local-ipv4",
];

const guests = inject("guests").flatMap((guest) => {
	const { namespace, ports, plan } = guest;
	return namespace === undefined ? [] : [{ ...guest, namespace, networkId: ports[plan.metadataBy ?? 0].network_id }];
});
type Reachable = (typeof guests)[number];

let guestwire: Guestwire;
/** What each guest got through the agent, of nova-api-metadata and of Guestwire. */
const originals = new Map<Reachable, Answer[]>();
const viaAgent = new Map<Reachable, Answer[]>();
beforeAll(async () => {
	expect(guests.length).toBeGreaterThan(3);
	guestwire = await startGuestwire({ profile: "nova" });
	await runInside(["metadata-agent", String(NOVA_METADATA)]);
	for (const guest of guests) originals.set(guest, await served(guest));
	await runInside(["metadata-agent", String(guestwire.port)]);
	for (const guest of guests) viaAgent.set(guest, await served(guest));
});
// The agent asks nova-api-metadata again when somebody tells it to, or at the next "cloud up".
afterAll(() => guestwire.stop());

/** All answers, as soon as none is a failure of the proxies or the services behind them, which may be starting. */
const served = (guest: Reachable) =>
	eventually(`${guest.plan.name} is served`, 600, async () => {
		const answers = await answersTo(guest).catch(() => []);
		const isSettled = answers.length === PATHS.length && answers.every(({ status }) => [200, 404].includes(status));
		return isSettled ? answers : undefined;
	});

/** What a guest gets in its namespace. */
const answersTo = ({ namespace }: Reachable): Promise<Answer[]> => askAllFrom(namespace, PATHS);

async function expectOwnDocument(guest: Reachable, headers: readonly string[]): Promise<void> {
	const { status, body } = await askFrom(guest.namespace, "/openstack/latest/meta_data.json", headers);
	if (status === 200) expect(JSON.parse(body).uuid).toBe(guest.id);
	else expect(status).toBeGreaterThanOrEqual(400);
}

describe("behind Neutron's own metadata agent", () => {
	it.each(guests)("$plan.name is answered as by nova-api-metadata behind the same agent", (guest) => {
		for (const [index, path] of PATHS.entries()) {
			const [original, ours] = [originals, viaAgent].map((answers) => {
				const { status, body } = (answers.get(guest) ?? [])[index] as Answer;
				// The agent asks with "Accept: */*", and Nova answers with a page then (error-bodies in docs/deviations.md).
				return { status, body: status === 200 ? body : "" };
			}) as [Answered, Answered];
			for (const deviation of deviationsOf(normalizePath(path) ?? "")) deviation.level(original, ours);
			expect([path, ours]).toEqual([path, original]);
		}
	});

	it("it was Guestwire that answered", async () => {
		const before = await guestwire.metric("guestwire_requests_total");
		await askFrom((guests[0] as Reachable).namespace, "/openstack/latest/meta_data.json");
		expect(await guestwire.metric("guestwire_requests_total")).toBe(before + 1);
	});

	it.each(guests)("$plan.name can't pass itself off as another", async (guest) => {
		const other = guests.find(({ id }) => id !== guest.id) as Reachable;
		await expectOwnDocument(guest, [`X-Instance-ID: ${other.id}`, `X-Tenant-ID: ${other.projectId}`]);
		await expectOwnDocument(guest, [`X-Forwarded-For: ${other.ports[0].fixed_ips[0].ip_address}`]);
		await expectOwnDocument(guest, [`X-OVN-Network-ID: ${other.networkId}`]);
	});
});

describe("straight from haproxy, without the agent", () => {
	beforeAll(async () => {
		for (const networkId of new Set(guests.map(({ networkId }) => networkId)))
			await runInside(["point-haproxy", networkId, guestwire.socket]);
	});

	it.each(guests)("$plan.name gets the bytes that the agent gives", async (guest) => {
		// The agent writes a page of its own for an error.
		const told = (answers: readonly Answer[] = []) =>
			answers.map(({ status, headers, body }, index) => [
				PATHS[index],
				status,
				...(status === 200 ? [headers["content-type"], body] : []),
			]);
		const direct = told(await served(guest));
		expect(direct.length).toBe(PATHS.length);
		expect(direct).toEqual(told(viaAgent.get(guest)));
	});

	it.each(guests)("$plan.name can't pass itself off as another", async (guest) => {
		const other = guests.find(({ id }) => id !== guest.id) as Reachable;
		for (const header of ["X-OVN-Network-ID", "X-Neutron-Network-ID", "X-Neutron-Router-ID"]) {
			await expectOwnDocument(guest, [`${header}: ${other.networkId}`]);
		}
		await expectOwnDocument(guest, [`X-Forwarded-For: ${other.ports[0].fixed_ips[0].ip_address}`]);
	});
});
