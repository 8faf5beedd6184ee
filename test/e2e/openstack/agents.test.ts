import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Answered, deviationsOf } from "../../../src/documents/deviations.ts";
import { normalizePath } from "../../../src/documents/paths.ts";
import { eventually } from "./api.ts";
import { type Answer, ask, askAllFrom, askFrom, askFromAddress } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import type { Guest } from "./instances.ts";
import { METADATA_AGENTS, NOVA_METADATA, runInside } from "./laboratory.ts";

const PATHS = [
	"/openstack",
	"/openstack/latest/meta_data.json",
	"/openstack/latest/network_data.json",
	"/openstack/latest/vendor_data2.json",
	"/openstack/latest/user_data",
	"/latest/meta-data/",
	"/latest/meta-data/local-ipv4",
];

/** neutron-ovn-agent serves nobody before it has set up every network. Seconds. */
const SERVED = 1500;

const guests = inject("guests").flatMap((guest) => {
	const { namespace, ports, plan } = guest;
	return namespace === undefined ? [] : [{ ...guest, namespace, networkId: ports[plan.metadataBy ?? 0].network_id }];
});
type Reachable = (typeof guests)[number];

let guestwire: Guestwire;
beforeAll(async () => {
	expect(guests.length).toBeGreaterThan(3);
	guestwire = await startGuestwire({ profile: "nova" });
});
// The agent asks nova-api-metadata again when somebody tells it to, or at the next "cloud up".
afterAll(() => guestwire.stop());

/** All answers, as soon as none is a failure of the proxies or the services behind them, which may be starting. */
const served = (name: string, answersTo: () => Promise<Answer[]>) =>
	eventually(`${name} is served`, SERVED, async () => {
		const answers = await answersTo().catch(() => []);
		const isSettled = answers.length === PATHS.length && answers.every(({ status }) => [200, 404].includes(status));
		return isSettled ? answers : undefined;
	});

/** What a guest gets in its namespace. */
const servedInside = ({ plan, namespace }: Reachable) => served(plan.name, () => askAllFrom(namespace, PATHS));

/**
 * The answers are those of nova-api-metadata behind the same program, but for named differences. Both may answer an error
 * with a page: the agents ask with "Accept: *\/*" (error-bodies in docs/deviations.md).
 */
function expectSameAnswers(ours: readonly Answer[] = [], originals: readonly Answer[] = []): void {
	expect(ours.length).toBe(PATHS.length);
	for (const [index, path] of PATHS.entries()) {
		const [original, our] = [originals, ours].map((answers) => {
			const { status, body } = answers[index] as Answer;
			return { status, body: status === 200 ? body : "" };
		}) as [Answered, Answered];
		for (const deviation of deviationsOf(normalizePath(path) ?? "")) deviation.level(original, our);
		expect([path, our]).toEqual([path, original]);
	}
}

/** The statuses, and of successful answers the types and bodies: an agent writes error pages of its own. */
const bytesOf = (answers: readonly Answer[] = []) =>
	answers.map(({ status, headers, body }, index) => [
		PATHS[index],
		status,
		...(status === 200 ? [headers["content-type"], body] : []),
	]);

async function expectOwnDocument(guest: Reachable, headers: readonly string[]): Promise<void> {
	const { status, body } = await askFrom(guest.namespace, "/openstack/latest/meta_data.json", headers);
	if (status === 200) expect(JSON.parse(body).uuid).toBe(guest.id);
	else expect(status).toBeGreaterThanOrEqual(400);
}

describe.each(METADATA_AGENTS)("%s", (program) => {
	/** What each guest got through the agent, of nova-api-metadata and of Guestwire. */
	const originals = new Map<Reachable, Answer[]>();
	const viaAgent = new Map<Reachable, Answer[]>();
	beforeAll(async () => {
		await runInside(["metadata-agent", String(NOVA_METADATA), program]);
		for (const guest of guests) originals.set(guest, await servedInside(guest));
		await runInside(["metadata-agent", String(guestwire.port), program]);
		for (const guest of guests) viaAgent.set(guest, await servedInside(guest));
	});

	it.each(guests)("$plan.name is answered as by nova-api-metadata behind the same agent", (guest) => {
		expectSameAnswers(viaAgent.get(guest), originals.get(guest));
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

	describe("its haproxy straight to Guestwire, without the agent", () => {
		beforeAll(async () => {
			for (const networkId of new Set(guests.map(({ networkId }) => networkId)))
				await runInside(["point-haproxy", networkId, guestwire.socket]);
		});

		it.each(guests)("$plan.name gets the same bytes as through the agent", async (guest) => {
			expect(bytesOf(await servedInside(guest))).toEqual(bytesOf(viaAgent.get(guest)));
		});

		it.each(guests)("$plan.name can't pass itself off as another", async (guest) => {
			const other = guests.find(({ id }) => id !== guest.id) as Reachable;
			for (const header of ["X-OVN-Network-ID", "X-Neutron-Network-ID", "X-Neutron-Router-ID"]) {
				await expectOwnDocument(guest, [`${header}: ${other.networkId}`]);
			}
			await expectOwnDocument(guest, [`X-Forwarded-For: ${other.ports[0].fixed_ips[0].ip_address}`]);
		});
	});
});

/** A haproxy of each host, which signs the requests itself. */
describe.runIf(METADATA_AGENTS.length > 1)("the Open vSwitch agent's extension metadata_path", () => {
	const LISTEN = 18_780;
	const all = inject("guests");
	const addressOf = (guest: Guest) => `127.1.0.${all.indexOf(guest) + 1}`;
	const answersTo = (guest: Guest) =>
		served(guest.plan.name, () => Promise.all(PATHS.map((path) => askFromAddress(addressOf(guest), LISTEN, path))));
	const originals = new Map<Guest, Answer[]>();
	beforeAll(async () => {
		const lines = all.map((guest) => `${guest.id} ${guest.projectId} ${addressOf(guest)}\n`).join("");
		await runInside(["metadata-path", String(LISTEN), String(NOVA_METADATA)], lines);
		for (const guest of all) originals.set(guest, await answersTo(guest));
		await runInside(["metadata-path", String(LISTEN), String(guestwire.port)], lines);
	});
	afterAll(() => runInside(["metadata-path", "stop"]));

	it.each(all)("$plan.name is answered as by nova-api-metadata, and as without haproxy", async (guest) => {
		const answers = await answersTo(guest);
		expectSameAnswers(answers, originals.get(guest));
		const direct = await Promise.all(PATHS.map((path) => ask(guestwire.port, guest, path)));
		expect(bytesOf(answers)).toEqual(bytesOf(direct));
	});

	it("a guest can't pass itself off as another", async () => {
		const [guest, other] = all as [Guest, Guest];
		const forged = { "x-instance-id": other.id, "x-tenant-id": other.projectId, "x-forwarded-for": addressOf(other) };
		const { status, body } = await askFromAddress(addressOf(guest), LISTEN, "/openstack/latest/meta_data.json", forged);
		expect(status).toBe(200);
		expect(JSON.parse(body).uuid).toBe(guest.id);
	});
});
