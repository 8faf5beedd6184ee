/** @module-tag slow */
import { randomUUID } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { fake, source, status, useFakeSource } from "../../../test/fake-source.ts";
import { recordedCases } from "../../../test/recorded.ts";
import type { FoundResources, Reference } from "../remote-source.ts";
import type { ResourceKind } from "../resource.ts";
import { contentsOf, type Resource } from "../resource.ts";
import { keypairId } from "../source.ts";
import { openOpenStackSource } from "./index.ts";

useFakeSource();

const never = new AbortController().signal;
/** Which is not tried again. */
const never503 = status(503, { "retry-after": "3600" });
const cases = recordedCases();
const factsOf = (name: string) => cases.find((it) => it.name === name)?.facts ?? (undefined as never);
const full = factsOf("h1-full");
const asked = (text: string) => fake.requests.filter((call) => call.includes(text)).length;
const byId = (kind: ResourceKind, ids: readonly string[]): Promise<FoundResources> =>
	source.resources.byId(kind, ids, never);

/** All pages of a listing. */
async function all(kind: ResourceKind, limit: number): Promise<Resource[]> {
	const found: Resource[] = [];
	let marker: string | undefined;
	do {
		const page = await source.resources.page(kind, { limit, ...(marker !== undefined && { marker }) }, never);
		found.push(...page.resources);
		marker = page.next;
	} while (marker !== undefined);
	return found;
}

const idsOf = (resources: readonly Resource[], kind: ResourceKind) =>
	resources.filter((one) => one.kind === kind).map(({ id }) => id);

const RECORDS = {
	network: "networks",
	subnet: "subnets",
	port: "ports",
	trunk: "trunks",
	security_group: "security_groups",
	floatingip: "floatingips",
	server: "servers",
} as const;

/** The records of a collection, with copies if they are too few. */
function atLeast(count: number, member: (typeof RECORDS)[keyof typeof RECORDS]) {
	const records = fake.records[member];
	while (records.length < count) records.push({ ...(records[0] as { id: string }), id: randomUUID() });
	return records;
}

test("names the cloud, without credentials", () => {
	const { origin } = new URL(fake.env["OS_AUTH_URL"] ?? "");
	expect(source.sourceId).toBe(`${origin}/identity/v3`);
});

describe.each(Object.entries(RECORDS))("the listing of %s", (kind, member) => {
	test("has each once, in pages", async () => {
		atLeast(3, member);
		const found = await all(kind as ResourceKind, 2);
		expect(idsOf(found, kind as ResourceKind)).toEqual(fake.records[member].map(({ id }) => id));
		expect(asked("marker=")).toBeGreaterThan(0);
	});

	test("of revisions has the same ids", async () => {
		const page = await source.resources.revisionPage(kind as ResourceKind, { limit: 1000 }, never);
		expect(page.revisions.map(({ id }) => id)).toEqual(fake.records[member].map(({ id }) => id));
	});

	test("continues after a page's last member was deleted", async () => {
		const records = atLeast(8, member);
		const ids = records.map(({ id }) => id);
		const first = await source.resources.page(kind as ResourceKind, { limit: 4 }, never);
		records.splice(2, 2);
		const options = { limit: 4, marker: first.next ?? "" };
		const second = await source.resources.page(kind as ResourceKind, options, never);
		expect(idsOf(second.resources, kind as ResourceKind)).toEqual(ids.slice(4, 8));
	});
});

test("contents and revisions are those of the records", async () => {
	const [port] = fake.records.ports;
	fake.records.ports = [{ ...port, id: full.ports[0]?.id ?? "", revision_number: 7 }];
	const before = Date.now();
	const { resources, unreadable } = await source.resources.page("port", { limit: 10 }, never);
	expect(unreadable).toEqual([]);
	expect(resources).toMatchObject([{ kind: "port", id: full.ports[0]?.id, revision: 7 }]);
	expect(resources[0]?.requestedAt).toBeGreaterThanOrEqual(before);
	expect(resources[0]?.content).not.toHaveProperty("revision_number");
	const { revisions } = await source.resources.revisionPage("port", { limit: 10 }, never);
	expect(revisions).toEqual([{ id: full.ports[0]?.id, revision: 7 }]);
	expect(fake.requests.at(-1)).toContain("fields=id&fields=revision_number");
});

test("a revision page of servers shows their content", async () => {
	const { revisions } = await source.resources.revisionPage("server", { limit: 1000 }, never);
	const { resources } = await source.resources.page("server", { limit: 1000 }, never);
	const servers = resources.filter(({ kind }) => kind === "server");
	expect(revisions.map(({ content }) => content)).toEqual(servers.map(({ content }) => content));
});

test("an unreadable record affects only itself", async () => {
	const [bad, good] = fake.records.ports;
	fake.records.ports = [{ ...bad, mac_address: 7 } as never, good as never];
	const page = await source.resources.page("port", { limit: 10 }, never);
	expect(page.resources.map(({ id }) => id)).toEqual([good?.id]);
	expect(page.unreadable).toEqual([{ kind: "port", id: bad?.id, reason: expect.stringContaining("mac_address") }]);
});

test("a server whose cell is down is unreadable, and not gone", async () => {
	const { id, tenant_id } = fake.records.servers[0] as { id: string; tenant_id?: string };
	fake.records.servers[0] = { id, tenant_id, status: "UNKNOWN" };
	const page = await source.resources.page("server", { limit: 1000 }, never);
	expect(page.unreadable).toMatchObject([{ kind: "server", id, reason: expect.stringContaining("cell is down") }]);
	const { revisions } = await source.resources.revisionPage("server", { limit: 1000 }, never);
	expect(revisions).toContainEqual({ id });
	const found = await byId("server", [id, factsOf("f-trunk").id]);
	expect(found).toMatchObject({ gone: [], unreadable: [{ kind: "server", id }] });
	expect(await byId("server", [id])).toMatchObject({ resources: [], gone: [], unreadable: [{ kind: "server", id }] });
});

describe("a listing that answers 404", () => {
	test("is empty if the extension is not installed", async () => {
		fake.fault = (call) => (call.includes("/trunks") ? status(404) : undefined);
		expect(await source.resources.page("trunk", { limit: 10 }, never)).toEqual({ resources: [], unreadable: [] });
		const { revisions } = await source.resources.revisionPage("trunk", { limit: 10 }, never);
		expect(revisions).toEqual([]);
	});

	test.each(["port", "floatingip"] as const)("is an error for %s, which exist", async (kind) => {
		fake.fault = (call) => (call.includes(RECORDS[kind]) ? status(404) : undefined);
		const reading = source.resources.page(kind, { limit: 10 }, never);
		await expect(reading).rejects.toMatchObject({ code: "cloud-answer" });
	});

	test("is an error while the extensions are not known either", async () => {
		fake.fault = (call) => (/trunks|extensions/.test(call) ? status(404) : undefined);
		const reading = source.resources.revisionPage("trunk", { limit: 10 }, never);
		await expect(reading).rejects.toMatchObject({ code: "cloud-answer" });
	});
});

test("a guest's look-up does not wait until the details of a whole page are read", async () => {
	const { id: guest } = cases.find(({ facts }) => facts.ports.length > 1)?.facts ?? full;
	const server = fake.records.servers.find(({ id }) => id === guest);
	fake.records.servers = [
		{ ...server, id: guest },
		...Array.from({ length: 60 }, () => ({ ...server, id: randomUUID() })),
	];
	const isGuests = (call: string) => call.includes(`${guest}/os-interface`);
	const first = Promise.withResolvers<void>();
	fake.fault = (call) => {
		if (!call.includes("os-interface") || isGuests(call)) return undefined;
		first.resolve();
		return (_, answer) => void setTimeout(answer, 5);
	};
	const page = source.resources.page("server", { limit: 100 }, never);
	await first.promise;
	fake.requests.length = 0;
	await source.facts(guest, "server");
	const details = fake.requests.filter((call) => call.includes("os-interface"));
	expect(details.length).toBeLessThan(20);
	expect((await page).resources.filter(({ kind }) => kind === "server_details")).toHaveLength(61);
});

describe("by id", () => {
	test("Neutron's resources need one call, and deleted ones are reported", async () => {
		const ids = fake.records.ports.map(({ id }) => id);
		const gone = randomUUID();
		const found = await byId("port", [...ids, gone]);
		expect(idsOf(found.resources, "port").sort()).toEqual(ids);
		expect(found.gone).toEqual([gone]);
		expect(asked("/ports?")).toBe(1);
	});

	test("a server comes with its details, unless they need further calls", async () => {
		for (const { name, facts } of cases) {
			const { resources } = await byId("server", [facts.id]);
			const needsCalls = facts.volumeAttachments.length > 0 || facts.ports.length > 1;
			expect(idsOf(resources, "server"), name).toEqual([facts.id]);
			expect(idsOf(resources, "server_details"), name).toEqual(needsCalls ? [] : [facts.id]);
		}
		expect(asked("os-")).toBe(0);
	});

	test("details are the same as an instance's facts, and the server comes with them", async () => {
		for (const { facts } of cases) {
			const { resources } = await byId("server_details", [facts.id]);
			const found = await source.facts(facts.id, "server");
			const [details] = contentsOf(resources, "server_details");
			expect(contentsOf(resources, "server")).toEqual([found?.server]);
			expect(details?.interfaceAttachments).toEqual(found?.interfaceAttachments);
			expect(details?.volumeAttachments).toEqual(found?.volumeAttachments);
			expect(details?.dedicatedCpus).toEqual(found?.dedicatedCpus);
		}
	});

	test("details that can't be read affect only that server's details", async () => {
		const { id: first } = cases.find(({ facts }) => facts.ports.length > 1)?.facts ?? full;
		const second = randomUUID();
		const server = fake.records.servers.find(({ id }) => id === first);
		fake.records.servers.push({ ...server, id: second });
		fake.fault = (call) => (call.includes(`${first}/os-interface`) ? status(400) : undefined);
		const found = await byId("server_details", [first, second]);
		expect(idsOf(found.resources, "server_details")).toEqual([second]);
		expect(found.unreadable).toMatchObject([{ kind: "server_details", id: first }]);
		expect(found.gone).toEqual([]);
	});

	test("a deleted server is gone, and text that is not an id is not requested", async () => {
		const gone = randomUUID();
		expect(await byId("server", [gone, "../flavors"])).toMatchObject({ resources: [], gone: [gone, "../flavors"] });
		expect(asked("flavors")).toBe(0);
	});

	test("many servers are listed", async () => {
		const [server] = fake.records.servers;
		const ids = Array.from({ length: 50 }, () => randomUUID());
		fake.records.servers.unshift(...ids.map((id) => ({ ...server, id })));
		const { resources } = await byId("server", ids);
		expect(idsOf(resources, "server")).toEqual(ids);
		expect(asked("/servers/")).toBe(1);
	});

	test("a key pair is named by its user and name", async () => {
		const { user_id: user, name } = fake.records.keypair.keypair;
		const id = keypairId(user, name);
		const found = await byId("keypair", [id, keypairId(user, "another")]);
		expect(found).toMatchObject({ resources: [{ kind: "keypair", id }], gone: [keypairId(user, "another")] });
	});

	test("Nova is down: an error, not servers that are gone", async () => {
		fake.fault = (call) => (call.includes("/servers") ? never503 : undefined);
		const reading = byId("server", [randomUUID(), randomUUID()]);
		await expect(reading).rejects.toMatchObject({ code: "cloud-unavailable" });
	});

	test("servers for which Nova always answers 500 are unreadable, alone or together: Nova is not down", async () => {
		const ids = fake.records.servers.slice(0, 2).map(({ id }) => id);
		fake.fault = (call) => (ids.some((id) => call.includes(`/servers/${id}`)) ? never503 : undefined);
		for (const some of [ids.slice(0, 1), ids]) {
			const { unreadable, gone } = await byId("server", some);
			expect(unreadable).toMatchObject(some.map((id) => ({ kind: "server", id })));
			expect(gone).toEqual([]);
		}
	});
});

describe("records for which Neutron always answers 500", () => {
	test("fail by themselves, and are not a Neutron that is down", async () => {
		const id = randomUUID();
		fake.fault = (call) => (call.includes(`id=${id}`) ? never503 : undefined);
		await expect(byId("port", [id])).rejects.toMatchObject({ code: "cloud-answer" });
		const ports = source.resources.referringTo("ports of devices", [id], never);
		await expect(ports).rejects.toMatchObject({ code: "cloud-answer" });
	});

	test("unlike a Neutron that is down", async () => {
		fake.fault = (call) => (call.includes("/network/") ? never503 : undefined);
		await expect(byId("port", [randomUUID()])).rejects.toMatchObject({ code: "cloud-unavailable" });
	});
});

describe("resources that refer to others", () => {
	const refer = async (reference: Reference, ids: readonly string[]) => {
		const { resources, gone } = await source.resources.referringTo(reference, [...ids, randomUUID()], never);
		expect(gone).toEqual([]);
		return resources.map(({ id }) => id).sort();
	};
	const sorted = (some: readonly { readonly id: string }[]) => some.map(({ id }) => id).sort();

	test("ports of devices", async () => {
		expect(await refer("ports of devices", [full.id])).toEqual(sorted(full.ports));
	});

	test("ports of networks", async () => {
		const [network = ""] = full.ports.map(({ network_id }) => network_id);
		const found = await refer("ports of networks", [network]);
		expect(found).toEqual(
			expect.arrayContaining(full.ports.filter((one) => one.network_id === network).map(({ id }) => id)),
		);
	});

	test("DHCP ports of networks", async () => {
		const { networks, dhcpPorts } = factsOf("a2-dhcp4-dhcpport");
		const servers = dhcpPorts.filter(({ device_owner }) => device_owner === "network:dhcp");
		expect(servers.length).toBeGreaterThan(0);
		expect(await refer("DHCP ports of networks", [networks[0]?.id ?? ""])).toEqual(sorted(servers));
	});

	test("trunks of ports", async () => {
		const { ports, trunks } = factsOf("f-trunk");
		expect(
			await refer(
				"trunks of ports",
				ports.map(({ id }) => id),
			),
		).toEqual(sorted(trunks));
	});

	test("floating IPs of ports", async () => {
		const { ports, floatingIps } = factsOf("h2-floating");
		expect(floatingIps.length).toBeGreaterThan(0);
		expect(
			await refer(
				"floating IPs of ports",
				ports.map(({ id }) => id),
			),
		).toEqual(sorted(floatingIps));
	});
});

test("Nova's microversion is read for profile nova only", async () => {
	expect(source.resources.novaMicroversion).toBe(undefined);
	const nova = await openOpenStackSource({ env: fake.env, profile: "nova" });
	onTestFinished(() => nova.close());
	expect(await nova.resources.novaMicroversion?.(never)).toBe("2.93");
});

test("a caller that gives up does not wait", async () => {
	fake.fault = () => () => {};
	const reading = source.resources.page("port", { limit: 10 }, AbortSignal.timeout(20));
	await expect(reading).rejects.toMatchObject({ name: "TimeoutError" });
});
