/** @module-tag slow */
import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../../test/fake-openstack.ts";
import { recordedCases } from "../../../test/recorded.ts";
import { assemble } from "../../instance/assemble.ts";
import type { RemoteSource } from "../remote-source.ts";
import { contentsOf } from "../resource.ts";
import { keypairId } from "../source.ts";
import { openOpenStackSource } from "./index.ts";

let fake: FakeOpenStack;
let source: RemoteSource;
beforeEach(async () => {
	fake = await startFakeOpenStack();
	source = await openOpenStackSource({ env: fake.env, profile: "nova" });
});
afterEach(async () => {
	await source.close();
	await fake.close();
});

const cases = recordedCases();
const factsOf = (name: string) => cases.find((it) => it.name === name)?.facts ?? (undefined as never);
const idOf = (name: string) => factsOf(name).id;

/** How often each collection was requested: `{ ports: 2, "servers/ID": 1 }`. */
function calls(): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const call of fake.requests) {
		const path = /^GET \/(?:network|compute)\/v2\.[01]\/([^?]+)/.exec(call)?.[1]?.replace(/[0-9a-f-]{36}/, "ID");
		if (path !== undefined) counts[path] = (counts[path] ?? 0) + 1;
	}
	return counts;
}

/** Copies of a recorded instance, each with ports and ids of its own, on the same network. */
function multiply(name: string, count: number): string[] {
	const original = idOf(name);
	const ports = fake.records.ports.filter((port) => port["device_id"] === original);
	const server = fake.records.servers.find(({ id }) => id === original);
	return Array.from({ length: count }, () => {
		const id = randomUUID();
		// Nova lists the newest first.
		fake.records.servers.unshift({ ...server, id });
		for (const port of ports) fake.records.ports.push({ ...port, id: randomUUID(), device_id: id });
		return id;
	});
}

describe.each(cases)("recorded instance $name", ({ facts }) => {
	test("equals its recorded responses", async () => {
		const found = await source.facts(facts.id, "all");
		const { ports, interfaceAttachments } = facts;
		const told = {
			...facts,
			interfaceAttachments: ports.length > 1 ? interfaceAttachments : [],
			novaMicroversion: "2.93",
		};
		expect(found && assemble(found)).toEqual(assemble(told));
	});

	test("has the same ports when only the wiring is wanted", async () => {
		const found = await source.facts(facts.id, "wiring");
		const bare = { ...facts, floatingIps: [], securityGroups: [], interfaceAttachments: [] };
		expect(found && assemble(found).ports).toEqual(assemble(bare).ports);
	});
});

test("pages of three give the same instances", async () => {
	fake.pageSize = 3;
	const found = await Promise.all(cases.map(({ facts }) => source.facts(facts.id, "all")));
	expect(found.map((facts) => facts?.server)).toEqual(cases.map(({ facts }) => facts.server));
	expect(found.map((facts) => facts?.ports.length)).toEqual(cases.map(({ facts }) => facts.ports.length));
	expect((await source.list()).map(({ id }) => id).sort()).toEqual(cases.map(({ facts }) => facts.id).sort());
});

test("an unknown instance and an invalid id are undefined", async () => {
	expect(await source.facts(randomUUID(), "all")).toBeUndefined();
	expect(await source.facts(randomUUID(), "wiring")).toBeUndefined();
	expect(await source.facts("../os-keypairs", "all")).toBeUndefined();
});

describe("API calls", () => {
	test("the wiring of one NIC: no call to Nova", async () => {
		await source.close();
		source = await openOpenStackSource({ env: fake.env });
		await source.facts(idOf("a-dhcp4"), "wiring");
		expect(calls()).toEqual({ ports: 1, networks: 1, subnets: 1 });
	});

	test("the wiring of two NICs: the server, for their order", async () => {
		await source.facts(idOf("e4-same-net-twice"), "wiring");
		expect(calls()).toMatchObject({ "servers/ID": 1 });
	});

	test("an instance that is read again: its server, besides what every look-up requests", async () => {
		const id = idOf("h1-full");
		await source.facts(id, "all");
		fake.requests.length = 0;
		await source.facts(id, "all");
		const before = calls();
		fake.requests.length = 0;
		await source.facts(id, "all", undefined, true);
		expect(before).not.toHaveProperty(["servers/ID"]);
		expect(calls()).toEqual({ ...before, "servers/ID": 1 });
	});

	test("all details of 200 at once: at most 12 calls to Neutron, and none for a single server", async () => {
		const ids = multiply("h1-full", 200);
		const found = await Promise.all(ids.map((id) => source.facts(id, "all")));
		expect(new Set(found.map((facts) => facts?.ports.length))).toEqual(new Set([1]));
		const { "servers/detail": pages, "os-keypairs/anchor-key": keypairs, ...others } = calls();
		expect(Object.keys(others).filter((path) => path.startsWith("servers"))).toEqual([]);
		expect(pages).toBe(1);
		expect(keypairs).toBe(1);
		const neutron = fake.requests.filter((call) => call.includes("/network/"));
		expect(neutron.length).toBeLessThanOrEqual(12);
		expect(Math.max(...neutron.map((call) => call.length))).toBeGreaterThan(6000);
	});

	test("the tags of NICs: one call, if there are several NICs", async () => {
		const { id, ports } = factsOf("e4-same-net-twice");
		const attachments = ports.map((port, at) => ({ port_id: port.id, tag: `nic-${at}` }));
		fake.records.interfaces.set(id, { interfaceAttachments: attachments });
		for (const _ of [1, 2, 3]) {
			const found = await source.facts(id, "all");
			expect(found?.interfaceAttachments).toEqual(attachments);
		}
		await source.facts(idOf("g5-noportsec-tagged"), "all");
		expect(calls()).toMatchObject({ "servers/ID": 2, "servers/ID/os-interface": 1 });
	});

	test("the tag of a single NIC: one call, if it is configured", async () => {
		const { id, ports } = factsOf("g5-noportsec-tagged");
		const attachments = ports.map((port) => ({ port_id: port.id, tag: "uplink" }));
		fake.records.interfaces.set(id, { interfaceAttachments: attachments });
		expect((await source.facts(id, "server"))?.interfaceAttachments).toEqual([]);
		await source.close();
		source = await openOpenStackSource({ env: fake.env, tagsOfSingleNics: true });
		const found = await source.facts(id, "server");
		expect(found && assemble(found).ports.map(({ deviceTag }) => deviceTag)).toEqual(["uplink"]);
		const { resources } = await source.resources.byId("server_details", [id], new AbortController().signal);
		expect(contentsOf(resources, "server_details")).toMatchObject([{ interfaceAttachments: attachments }]);
		expect((await source.resources.byId("server", [id], new AbortController().signal)).resources).toHaveLength(1);
	});

	test("the server of one NIC: no wiring, and one call for requests in short succession", async () => {
		const { id, server } = factsOf("a-dhcp4");
		const found = await source.facts(id, "server");
		expect([found?.server, found?.ports]).toEqual([server, []]);
		expect(calls()).toEqual({ ports: 1, "servers/ID": 1 });
		await source.facts(id, "all");
		expect(calls()).toMatchObject({ networks: 1, "servers/ID": 1 });
	});

	test("the server of several NICs: its NICs' tags as well", async () => {
		const { id, ports } = factsOf("e4-same-net-twice");
		const attachments = ports.map((port, at) => ({ port_id: port.id, tag: `nic-${at}` }));
		fake.records.interfaces.set(id, { interfaceAttachments: attachments });
		const found = await source.facts(id, "server");
		expect(
			found &&
				assemble(found)
					.ports.map(({ deviceTag }) => deviceTag)
					.sort(),
		).toEqual(["nic-0", "nic-1"]);
	});

	test("a missing extension is requested once", async () => {
		const { floatingips: _, ...lacking } = fake.records;
		Object.assign(fake, { records: lacking });
		for (const name of ["a-dhcp4", "h1-full"]) expect((await source.facts(idOf(name), "all"))?.floatingIps).toEqual([]);
		expect(calls()).toMatchObject({ floatingips: 1, "servers/ID": 2 });
	});
});

describe("a change makes the source request the changed resources again, and no others", () => {
	const { id, server, networks, subnets, securityGroups } = factsOf("h1-full");
	const keypair = keypairId(server?.user_id ?? "", String(server?.key_name));
	test.each([
		["network", networks[0]?.id, ["networks"]],
		["subnet", subnets[0]?.id, ["subnets"]],
		["security_group", securityGroups[0]?.id, ["security-groups"]],
		["server", id, ["servers/ID"]],
		["keypair", keypair, ["os-keypairs/anchor-key"]],
		["port", factsOf("h1-full").ports[0]?.id, []],
	] as const)("%s", async (kind, changed = "", asked) => {
		await source.facts(id, "all");
		fake.requests.length = 0;
		await source.facts(id, "all");
		const before = Object.keys(calls());
		source.invalidate?.({ kind, ids: [changed] });
		fake.requests.length = 0;
		await source.facts(id, "all");
		expect(Object.keys(calls()).sort()).toEqual([...new Set([...before, ...asked])].sort());
	});
});

describe("a port's device_id is free text (CVE-2013-6419)", () => {
	const own = factsOf("a-dhcp4");
	const claim = (deviceId: string) => {
		const [port] = fake.records.ports.filter((one) => one["device_id"] === own.id);
		const trunk_details = fake.records.ports.find((one) => one["trunk_details"])?.["trunk_details"];
		fake.records.ports.push({ ...port, id: randomUUID(), device_id: deviceId, project_id: "mallory", trunk_details });
	};

	test.each(["wiring", "server", "all"] as const)(
		"a port of another project does not belong to the instance: %s",
		async (detail) => {
			claim(own.id);
			const found = await source.facts(own.id, detail);
			expect(found?.ports.map(({ id }) => id)).toEqual(own.ports.map(({ id }) => id));
			expect([found?.trunks, found?.subports]).toEqual([[], []]);
			expect(found && assemble(found).projectId).toBe(own.server?.tenant_id);
		},
	);

	test("a claim that the server has disproved makes no later look-up wait for the server", async () => {
		for (let n = 0; n < 10; n++) claim(own.id);
		expect((await source.facts(own.id, "wiring"))?.server).toBeDefined();
		const again = await source.facts(own.id, "wiring");
		expect(again?.server).toBeUndefined();
		expect(again?.ports.map(({ id }) => id)).toEqual(own.ports.map(({ id }) => id));
		claim(own.id);
		expect((await source.facts(own.id, "wiring"))?.ports.map(({ id }) => id)).toEqual(own.ports.map(({ id }) => id));
	});

	test("an instance without ports keeps its project with all details", async () => {
		const { id, server } = factsOf("j-no-network");
		claim(id);
		const found = await source.facts(id, "all");
		expect([found?.ports, found?.trunks, found?.subports]).toEqual([[], [], []]);
		expect(found && assemble(found).projectId).toBe(server?.tenant_id);
	});
});

describe("owners", () => {
	const at = (name: string) => {
		const { id, ports } = factsOf(name);
		const [port] = ports;
		return {
			owner: { id, projectId: port?.project_id, networkId: port?.network_id },
			id,
			networkId: port?.network_id ?? "",
			address: port?.fixed_ips[0]?.ip_address ?? "",
			macAddress: port?.mac_address ?? "",
		};
	};

	test("by network and address or MAC, all at once, in one call each", async () => {
		const places = cases.map(({ name }) => at(name)).filter(({ address }) => address !== "");
		const byAddress = places.map(({ networkId, address }) => source.owners({ networkId, address }));
		const byMac = places.map(({ networkId, macAddress }) => source.owners({ networkId, macAddress }));
		expect(await Promise.all(byAddress)).toEqual(places.map(({ owner }) => [owner]));
		expect(await Promise.all(byMac)).toEqual(places.map(({ owner }) => [owner]));
		expect(calls()).toEqual({ ports: 2 });
	});

	test("the same address on two networks belongs to two instances", async () => {
		const [one, other] = [at("a-dhcp4"), at("l-overlap-other-tenant")];
		for (const port of fake.records.ports) {
			if (port["device_id"] === other.id) port["fixed_ips"] = [{ subnet_id: "s", ip_address: one.address }];
		}
		expect(await source.owners({ address: one.address })).toEqual(expect.arrayContaining([one.owner, other.owner]));
		expect(await source.owners({ address: one.address, networkId: other.networkId })).toEqual([other.owner]);
	});

	test("by router: only on networks where it has an interface", async () => {
		const { owner, networkId, address } = at("a-dhcp4");
		const [port] = fake.records.ports;
		const interfaces = { ...port, device_id: "router", device_owner: "network:router_interface" };
		fake.records.ports.push({ ...interfaces, id: randomUUID(), network_id: networkId });
		expect(await source.owners({ address, routerId: "router" })).toEqual([owner]);
		expect(await source.owners({ address, routerId: "router", networkId: "another" })).toEqual([]);
		expect(await source.owners({ address, routerId: "another" })).toEqual([]);
	});

	test("a subport: the instance that the parent port is plugged into", async () => {
		const { id, subports } = factsOf("f-trunk");
		for (const { network_id: networkId, fixed_ips, project_id: projectId } of subports) {
			const owner = { id, projectId, networkId };
			expect(await source.owners({ networkId, address: fixed_ips[0]?.ip_address ?? "" })).toEqual([owner]);
		}
	});

	test("absent: for the address of a DHCP port, a wrong MAC address, no address at all", async () => {
		const { networkId, address } = at("a-dhcp4");
		const { network_id, fixed_ips } = factsOf("a-dhcp4").dhcpPorts[0] ?? (undefined as never);
		expect(await source.owners({ networkId: network_id, address: fixed_ips[0]?.ip_address ?? "" })).toEqual([]);
		expect(await source.owners({ networkId, address, macAddress: "fa:16:3e:ff:ff:ff" })).toEqual([]);
		expect(await source.owners({ networkId })).toEqual([]);
	});
});
