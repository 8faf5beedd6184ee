/**
 * Guests that are known by their port: whom a tenant can't be taken for, and that a port is known as it is now.
 *
 * @module-tag slow
 */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../../../test/fake-openstack.ts";
import { SECRET, signature, startTestService, type TestService } from "../../../../test/metadata-service.ts";
import { recordedCase } from "../../../../test/recorded.ts";
import { createInstanceCache, type InstanceCache } from "../../../source/instance-cache.ts";
import { openOpenStackSource } from "../../../source/openstack/index.ts";
import type { Limits } from "../listener.ts";
import type { IdentitySettings } from "./index.ts";

const { facts: victim, answers } = recordedCase("h1-full");
const [nic = undefined as never] = victim.ports;
const address = nic.fixed_ips[0]?.ip_address ?? "";
const linkLocal = (mac: string) => {
	const [a = "", b, c, d, e, f] = mac.split(":");
	return `fe80::${(Number.parseInt(a, 16) ^ 2).toString(16)}${b}:${c}ff:fe${d}:${e}${f}`;
};

const USER_DATA = "/openstack/latest/user_data";
const PATHS = [
	USER_DATA,
	...["meta_data.json", "network_data.json", "password"].map((it) => `/openstack/latest/${it}`),
];

let fake: FakeOpenStack;
let instances: InstanceCache;
let service: TestService;
const clock = { seconds: 0 };
beforeEach(async () => {
	fake = await startFakeOpenStack();
	instances = createInstanceCache(await openOpenStackSource({ env: fake.env }), { now: () => clock.seconds * 1000 });
});
afterEach(async () => {
	await service?.close();
	await instances.close();
	await fake.close();
});

async function start(identity: IdentitySettings, listen = "127.0.0.1:0", limits: Partial<Limits> = {}) {
	service = await startTestService([{ listen, identity }], { instances, limits });
}
const startNetwork = (limits?: Partial<Limits>) =>
	start({ mode: "network", allow: [] }, `unix:${join(tmpdir(), `guestwire-foreign-${process.pid}.sock`)}`, limits);

type Header = readonly [string, string];
const inNetwork = (id: string): Header => ["X-OVN-Network-ID", id];
const behind = (routerId: string): Header => ["X-Neutron-Router-ID", routerId];
const ask = (headers: readonly Header[], source: string, path = USER_DATA) =>
	service.ask({ path, headers: [...headers, ["X-Forwarded-For", source]] });

async function expectNothing(headers: readonly Header[], source: string) {
	for (const path of PATHS) {
		clock.seconds += 2;
		const { status, body } = await ask(headers, source, path);
		expect([path, status, body.toString()]).toEqual([path, 404, expect.stringContaining("404 Not Found")]);
	}
}

async function expectOwn(headers: readonly Header[], source: string) {
	const { status, body } = await ask(headers, source);
	expect([status, body.toString()]).toEqual([200, answers["/openstack/latest/user_data"]?.body]);
}

/** A network of the other tenant's, with the same addresses. */
function foreignNetwork(): string {
	const [network] = victim.networks;
	const id = randomUUID();
	fake.records.networks.push({ ...network, id, project_id: "mallory" });
	for (const subnet of victim.subnets) fake.records.subnets.push({ ...subnet, id: `${id}-subnet`, network_id: id });
	return id;
}

function foreignPort(networkId: string, members: object = {}) {
	const fixed_ips = [{ subnet_id: `${networkId}-subnet`, ip_address: address }];
	const port = { ...nic, id: randomUUID(), network_id: networkId, project_id: "mallory", fixed_ips, ...members };
	fake.records.ports.push(port);
	return port;
}

function router(...networkIds: string[]): string {
	const id = randomUUID();
	const interfaces = { device_id: id, device_owner: "network:router_interface", fixed_ips: [] };
	for (const networkId of networkIds) foreignPort(networkId, interfaces);
	return id;
}

/*
 * What a tenant can write into Neutron to be taken for another's instance (CVE-2013-6419): its own ports' `device_id`,
 * addresses and MAC addresses, on networks, routers and trunks of its own.
 */
describe("a port of another project that names the instance as its device", () => {
	it("on a network behind a router of its own, with the instance's address", async () => {
		await startNetwork();
		const [own, foreign] = [router(nic.network_id), foreignNetwork()];
		foreignPort(foreign);
		await expectNothing([behind(router(foreign))], address);
		await expectNothing([inNetwork(foreign)], address);
		await expectOwn([behind(own)], address);
		await expectOwn([inNetwork(nic.network_id)], address);
	});

	it("with the instance's MAC address, asking from the link-local address", async () => {
		await startNetwork();
		const [own, foreign] = [router(nic.network_id), foreignNetwork()];
		foreignPort(foreign, { fixed_ips: [] });
		await expectNothing([behind(router(foreign))], linkLocal(nic.mac_address));
		await expectNothing([inNetwork(foreign)], linkLocal(nic.mac_address));
		await expectOwn([behind(own)], linkLocal(nic.mac_address));
	});

	it("on the instance's own network, where that is shared", async () => {
		await startNetwork();
		const { mac_address } = foreignPort(nic.network_id, {
			mac_address: "fa:16:3e:66:66:66",
			fixed_ips: [{ subnet_id: nic.fixed_ips[0]?.subnet_id, ip_address: "10.1.0.66" }],
		});
		await expectNothing([inNetwork(nic.network_id)], "10.1.0.66");
		await expectNothing([inNetwork(nic.network_id)], linkLocal(mac_address));
		await expectOwn([inNetwork(nic.network_id)], address);
	});

	it("behind the same load balancer, which doesn't say on which network", async () => {
		const foreign = foreignNetwork();
		foreignPort(foreign);
		const networks: Record<string, string[]> = {
			own: [nic.network_id],
			both: [nic.network_id, foreign],
			turned: [foreign, nic.network_id],
		};
		await start({ mode: "provider", secret: SECRET, networksOf: (provider) => networks[provider] ?? [] });
		const from = (provider: string): Header[] => [
			["X-Metadata-Provider", provider],
			["X-Metadata-Provider-Signature", signature(provider)],
		];
		await expectNothing(from("both"), address);
		await expectNothing(from("turned"), address);
		await expectOwn(from("own"), address);
	});
});

describe("a trunk's subport of another project, with the instance's address on a network of its own", () => {
	function subportOf(parent: string, networkId: string): string {
		const subport = foreignPort(networkId, { device_id: "", device_owner: "trunk:subport" });
		const sub_ports = [{ port_id: subport.id, segmentation_type: "vlan", segmentation_id: 100 }];
		const trunk = { id: randomUUID(), name: "", port_id: parent, project_id: "mallory", sub_ports };
		fake.records.trunks.push(trunk);
		for (const port of fake.records.ports) {
			if (port.id === parent) Object.assign(port, { trunk_details: { trunk_id: trunk.id, sub_ports } });
		}
		return networkId;
	}

	it("whose parent names the instance as its device", async () => {
		await startNetwork();
		const parent = foreignPort(foreignNetwork(), { fixed_ips: [], mac_address: "fa:16:3e:66:66:66" });
		const network = subportOf(parent.id, foreignNetwork());
		await expectNothing([inNetwork(network)], address);
		await expectNothing([behind(router(network))], address);
		await expectOwn([inNetwork(nic.network_id)], address);
	});

	it("whose parent is the instance's own port, made a trunk by the owner of its network", async () => {
		await startNetwork();
		const network = subportOf(nic.id, foreignNetwork());
		await expectNothing([inNetwork(network)], address);
		await expectNothing([behind(router(network))], address);
		await expectOwn([inNetwork(nic.network_id)], address);
	});
});

it("a subport of the instance's own project identifies the instance on its own network, and on no other", async () => {
	const { facts } = recordedCase("f-trunk");
	await startNetwork();
	const path = "/openstack/latest/meta_data.json";
	for (const { network_id, fixed_ips } of facts.subports) {
		const source = fixed_ips[0]?.ip_address ?? "";
		const { body } = await ask([inNetwork(network_id)], source, path);
		expect(JSON.parse(body.toString())).toMatchObject({ uuid: facts.id });
		expect((await ask([inNetwork(facts.ports[0]?.network_id ?? "")], source, path)).status).toBe(404);
	}
});

describe("a port that has changed since its instance was looked up", () => {
	const added = "10.1.0.77";
	const lookUps = () => fake.requests.filter((call) => call.includes(`device_id=${victim.id}`)).length;

	beforeEach(async () => {
		await startNetwork();
		await expectOwn([inNetwork(nic.network_id)], address);
	});
	const addAddress = () => {
		for (const port of fake.records.ports) {
			if (port.id === nic.id) port["fixed_ips"] = [...nic.fixed_ips, { ...nic.fixed_ips[0], ip_address: added }];
		}
	};

	it("is known at its new address at once", async () => {
		addAddress();
		clock.seconds += 2;
		await expectOwn([inNetwork(nic.network_id)], added);
	});

	it("is requested at most once a second, however often someone claims to be the instance", async () => {
		const foreign = foreignNetwork();
		foreignPort(foreign);
		const headers = [behind(router(foreign))];
		clock.seconds += 2;
		const before = lookUps();
		await Promise.all(Array.from({ length: 20 }, () => ask(headers, address)));
		expect((await ask(headers, address)).status).toBe(404);
		expect(lookUps()).toBe(before + 1);
	});

	it("is not requested again for a claim that was disproved a moment ago", async () => {
		const foreign = foreignNetwork();
		foreignPort(foreign);
		foreignPort(foreign, {
			...{ mac_address: "fa:16:3e:66:66:66", device_owner: "baremetal:none" },
			fixed_ips: [{ subnet_id: `${foreign}-subnet`, ip_address: "10.1.0.66" }],
		});
		const claims = [address, "10.1.0.66"];
		for (const source of claims) {
			clock.seconds += 2;
			expect((await ask([inNetwork(foreign)], source)).status).toBe(404);
		}
		const before = lookUps();
		for (const source of claims) {
			clock.seconds += 2;
			expect((await ask([inNetwork(foreign)], source)).status).toBe(404);
		}
		expect(lookUps()).toBe(before);
	});

	it("is unknown, not denied, while the cloud can't be asked", async () => {
		addAddress();
		clock.seconds += 2;
		fake.fault = (call) => (call.includes("device_id=") ? (response) => response.destroy() : undefined);
		expect((await ask([inNetwork(nic.network_id)], added)).status).toBe(503);
		await expectOwn([inNetwork(nic.network_id)], address);
		fake.fault = () => undefined;
		clock.seconds += 2;
		await expectOwn([inNetwork(nic.network_id)], added);
	});
});

it("a guest gets no private data if its address got another owner while its instance was looked up", async () => {
	await startNetwork();
	const held = Promise.withResolvers<void>();
	let calls = 0;
	fake.fault = (call) => {
		if (!/os-(keypairs|interface|volume)/.test(call)) return undefined;
		calls++;
		return (_response, answer) => void held.promise.then(answer);
	};
	const asked = ask([inNetwork(nic.network_id)], address);
	await expect.poll(() => calls).toBeGreaterThan(0);
	for (const port of fake.records.ports) if (port.id === nic.id) port["fixed_ips"] = [];
	clock.seconds += 6;
	held.resolve();
	expect((await asked).status).toBe(404);
});

describe("while Neutron accepts connections and does not answer", () => {
	const hang = () => {
		fake.fault = (call) => (call.includes("/ports") ? () => {} : undefined);
	};

	it("a known guest gets its network data, every time", async () => {
		await startNetwork();
		const path = "/openstack/latest/network_data.json";
		const get = async () => (await ask([inNetwork(nic.network_id)], address, path)).status;
		expect(await get()).toBe(200);
		hang();
		for (let time = 0; time < 7; time++) {
			clock.seconds += 10;
			expect(await get()).toBe(200);
		}
	});

	it("it gets private data only as long as its address can't have a new owner", async () => {
		await startNetwork({ budget: 1500 });
		await expectOwn([inNetwork(nic.network_id)], address);
		hang();
		clock.seconds += 4;
		await expectOwn([inNetwork(nic.network_id)], address);
		clock.seconds += 2;
		for (const path of [
			USER_DATA,
			"/latest/user-data",
			"/openstack/latest/vendor_data2.json",
			"/openstack/latest/nocloud/vendor-data",
			"/openstack/latest/password",
		]) {
			expect([path, (await ask([inNetwork(nic.network_id)], address, path)).status]).toEqual([path, 503]);
		}
	});

	it.each([
		[{ role: "db" }, 200],
		[{ role: "db", admin_pass: "rain-coat-7" }, 503],
	])("its metadata %j by an old owner of its address: %i", async (metadata, status) => {
		for (const server of fake.records.servers) if (server.id === victim.id) server["metadata"] = metadata;
		await startNetwork({ budget: 1500 });
		const path = "/openstack/latest/meta_data.json";
		const get = async () => (await ask([inNetwork(nic.network_id)], address, path)).status;
		expect(await get()).toBe(200);
		clock.seconds += 4;
		hang();
		expect(await get()).toBe(200);
		clock.seconds += 10;
		expect(await get()).toBe(status);
	});
});
