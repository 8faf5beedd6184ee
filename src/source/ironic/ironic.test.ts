import { describe, expect, onTestFinished, test } from "vitest";
import { type FakeIronic, type IronicRecord, recordedAnswer, startFakeIronic } from "../../../test/fake-ironic.ts";
import { networkData } from "../../documents/network-data-full.ts";
import { chooseMicroversion } from "./access.ts";
import { faultOf } from "./fault.ts";
import { openIronicSource } from "./index.ts";
import { ironicKind } from "./kind.ts";

async function start(change: (fake: FakeIronic) => void = () => {}, env: Record<string, string> = {}) {
	const fake = await startFakeIronic();
	change(fake);
	const source = await openIronicSource({ env: { ...fake.env, ...env }, sharing: 0 });
	onTestFinished(async () => {
		await source.close();
		await fake.close();
	});
	return { fake, source };
}

const NODE = "a0000000-0000-4000-8000-000000000001";
const INSTANCE = "e0000000-0000-4000-8000-000000000001";
const edit = (records: IronicRecord[], uuid: string, members: object) =>
	Object.assign(records.find((record) => record.uuid === uuid) ?? {}, members);

describe("the error for a refused call", () => {
	test.each([
		["29", "node-not-found", "Node a0000000-0000-4000-8000-00000000dead could not be found."],
		["29", "fields-unknown", 'Field(s) "nothing" are not valid'],
		["29", "not-a-path", "Not Found"],
		["29", "not-acceptable", "406 Not Acceptable"],
		["29", "auth-http_basic-none", "Authorization required"],
		["29", "auth-keystone-basic", "The request you have made requires authentication."],
		["29", "auth-keystone-token", /^The server is currently unavailable/],
		["39", "version-nonsense", "Invalid value for X-OpenStack-Ironic-API-Version header"],
	] as const)("of Ironic %s: %s", (release, name, reason) => {
		expect(faultOf(JSON.stringify(recordedAnswer(release, name).body))).toMatch(reason);
	});

	test("is not wrapped when the request body is too large", () => {
		expect(faultOf('{"faultcode": "Client", "faultstring": "Request body too large"}')).toBe("Request body too large");
	});

	test.each(["", "<html>", "[]", "null", '{"error_message": {}}', '{"error": 5}'])("is nothing: %s", (text) => {
		expect(faultOf(text)).toBeUndefined();
	});
});

describe("the microversion", () => {
	const root = (min_version: string, version: string) => ({ default_version: { min_version, version } });
	test.each([
		["1.96", "1.96"],
		["1.111", "1.111"],
		["1.115", "1.111"],
		["1.83", "1.83"],
	])("of an API up to %s is %s", (newest, chosen) => {
		expect(chooseMicroversion(root("1.1", newest), "GET /")).toBe(chosen);
	});

	test.each([
		["1.1", "1.82"],
		["1.112", "1.140"],
	])("from %s to %s is refused", (oldest, newest) => {
		expect(() => chooseMicroversion(root(oldest, newest), "GET /")).toThrow(
			`GET /: Ironic supports microversions ${oldest} to ${newest}; Guestwire needs one from 1.83 (2023.2) to 1.111`,
		);
	});

	test("requests instance_name if the microversion has it", async () => {
		const { fake, source } = await start((ironic) => {
			ironic.root = { default_version: { min_version: "1.1", version: "1.104" } };
			edit(ironic.records.nodes, NODE, { instance_name: "db-1" });
		});
		expect((await source.facts(INSTANCE, "all"))?.server?.name).toBe("db-1");
		expect(fake.requests.some((call) => call.includes("instance_name"))).toBe(true);
	});
});

describe("authentication", () => {
	const asked = async (env: Record<string, string>, instead: FakeIronic["instead"] = () => undefined) => {
		const headers: (string | undefined)[] = [];
		const { source } = await start((fake) => {
			fake.instead = (url, request) => {
				headers.push(request.headers.authorization);
				return instead(url, request);
			};
		}, env);
		return { listed: source.list(), headers };
	};

	test("sends no credentials with auth_type none", async () => {
		const { listed, headers } = await asked({});
		await listed;
		expect(new Set(headers)).toEqual(new Set([undefined]));
	});

	test("has no expiring token without Keystone", async () => {
		expect((await start()).source.tokenRemaining).toBeUndefined();
	});

	test("uses user and password with auth_type http_basic", async () => {
		const env = { OS_AUTH_TYPE: "http_basic", OS_USERNAME: "operator", OS_PASSWORD: "maple:tree" };
		const { listed, headers } = await asked(env);
		await listed;
		expect(new Set(headers)).toEqual(new Set([`Basic ${btoa("operator:maple:tree")}`]));
	});

	test("reports a wrong password in one line, without the password", async () => {
		const env = { OS_AUTH_TYPE: "http_basic", OS_USERNAME: "operator", OS_PASSWORD: "maple" };
		const { listed } = await asked(env, () => recordedAnswer("29", "auth-http_basic-basic-wrong"));
		const error = await listed.catch((reason) => reason);
		expect(error).toMatchObject({ code: "cloud-unavailable" });
		expect(error.message).toMatch(/^GET .*: answered 401 \(.+\); check auth_type, user and password in the entry$/);
	});

	test.each([
		[{ OS_ENDPOINT: "ironic:6385" }, /auth\.endpoint \(OS_ENDPOINT\) must be Ironic's URL with auth_type none/],
		[{ OS_AUTH_TYPE: "http_basic" }, /http_basic needs auth\.username and auth\.password/],
	])("%j is not enough", async (env, message) => {
		const opening = openIronicSource({ env: { OS_AUTH_TYPE: "none", OS_ENDPOINT: "http://127.0.0.1:1", ...env } });
		await expect(opening).rejects.toThrow(message);
	});
});

describe("lists", () => {
	test("include what Ironic hides on every page, whatever its link says", async () => {
		const { fake, source } = await start((ironic) => {
			ironic.pageSize = 3;
		});
		const names = (await source.list()).map(({ name }) => name);
		expect(names).toContain("metal-plain");
		expect(names).toHaveLength(fake.records.nodes.length);
		const pages = fake.requests.filter((call) => call.startsWith("/v1/nodes?"));
		expect(pages).toHaveLength(4);
		expect(pages.every((call) => call.includes("include_children=true"))).toBe(true);
	});

	test("continue when the record that marks the page is deleted", async () => {
		const { source } = await start((ironic) => {
			ironic.pageSize = 3;
			const [, , third] = ironic.records.nodes;
			ironic.instead = ({ searchParams }) => {
				if (searchParams.get("marker") !== third?.uuid) return undefined;
				ironic.records.nodes = ironic.records.nodes.filter((node) => node !== third);
				return undefined;
			};
		});
		const names = (await source.list()).map(({ name }) => name);
		expect(names).toHaveLength(11);
	});

	test("that never end are an error", async () => {
		const { source } = await start((ironic) => {
			ironic.instead = ({ pathname }) =>
				pathname === "/v1/nodes"
					? { status: 200, body: { nodes: ironic.records.nodes.slice(0, 2), next: "http://ironic" } }
					: undefined;
		});
		await expect(source.list()).rejects.toThrow("/v1/nodes: the listing repeats a page that was already read");
	});
});

describe("an unreadable record affects only its node", () => {
	const oddities: Readonly<Record<string, (fake: FakeIronic) => void>> = {
		"a port without an address": ({ records }) =>
			void edit(records.ports, "b0000000-0000-4000-8000-000000000100", { address: null }),
		"properties that are a list": ({ records }) =>
			void edit(records.portgroups, "c0000000-0000-4000-8000-000000000100", { properties: [1] }),
		"a name that is a number": ({ records }) => void edit(records.nodes, NODE, { name: 7 }),
		"an invalid IP address": ({ records }) =>
			void edit(records.nodes, NODE, {
				network_data: {
					links: [{ id: "a", type: "phy", ethernet_mac_address: "52:54:00:00:01:01" }],
					networks: [{ link: "a", type: "ipv4", ip_address: "10.0.0.300", netmask: "255.0.0.0" }],
				},
			}),
		"a network on a link that is missing": ({ records }) =>
			void edit(records.nodes, NODE, { network_data: { links: [], networks: [{ link: "a", type: "ipv4_dhcp" }] } }),
	};

	test.each(Object.entries(oddities))("%s", async (_, change) => {
		const { source } = await start(change);
		await expect(source.facts(INSTANCE, "all")).rejects.toMatchObject({ code: "cloud-answer" });
		expect((await source.list()).map(({ id }) => id)).toContain(INSTANCE);
		expect(await source.facts("e0000000-0000-4000-8000-000000000002", "all")).toBeDefined();
		const { resources, unreadable } = await source.resources.page("server", { limit: 100 }, AbortSignal.timeout(5000));
		expect(unreadable).toMatchObject([{ kind: "server", id: INSTANCE, reason: expect.stringMatching(/^[^\n]+$/) }]);
		expect(resources.filter(({ kind }) => kind === "server")).toHaveLength(10);
		// A mirror keeps what it has of the node.
		const parts = ["b0000000-0000-4000-8000-000000000100", "b0000000-0000-4000-8000-000000000999"];
		const found = await source.resources.byId("baremetal_port", parts, AbortSignal.timeout(5000));
		expect(found.gone).toEqual(parts.slice(1));
	});

	test("an unknown bond mode affects only its own instance's document", async () => {
		const { source } = await start(({ records }) => {
			edit(records.portgroups, "c0000000-0000-4000-8000-000000000100", { mode: "bogus-mode" });
		});
		await expect(source.instance(INSTANCE, "all")).rejects.toThrow(/has the unknown mode "bogus-mode": set one of/);
		expect(await source.instance("e0000000-0000-4000-8000-000000000002", "all")).toBeDefined();
	});
});

describe("a node's own members for Guestwire", () => {
	const own = { name: "db-1", hostname: "db", user_data: "#cloud-config\n", public_keys: { ops: "ssh-ed25519 AAAA" } };

	test("become its server; instance_info takes precedence over extra", async () => {
		const { source } = await start(({ records }) => {
			edit(records.nodes, NODE, {
				extra: { guestwire: { ...own, metadata: { rack: 7 } } },
				instance_info: { guestwire: { name: "db-2" } },
			});
		});
		const instance = await source.instance(INSTANCE, "all");
		expect(instance?.server).toMatchObject({
			...{ name: "db-2", hostname: "db", metadata: new Map([["rack", "7"]]) },
			keypairs: [{ name: "ops", publicKey: "ssh-ed25519 AAAA" }],
		});
		expect(Buffer.from(instance?.server?.userData ?? []).toString()).toBe("#cloud-config\n");
	});

	test("of another form are ignored", async () => {
		const { source } = await start(({ records }) => {
			edit(records.nodes, NODE, { extra: { guestwire: ["x"] }, instance_info: { guestwire: { user_data: 5 } } });
		});
		expect((await source.instance(INSTANCE, "all"))?.server).toMatchObject({ name: "metal-bond", keypairs: [] });
	});
});

describe("the owner of an address", () => {
	test.each([
		["the bond's", { macAddress: "52:54:00:00:03:01" }, "03"],
		["a bond's member", { macAddress: "52:54:00:00:03:02" }, "03"],
		["a NIC that only boots the node", { macAddress: "52:54:00:00:06:02" }, "06"],
		["an IPv4 address on a VLAN", { address: "10.9.0.13" }, "03"],
		["an IPv6 address", { address: "2001:db8:6::15" }, "05"],
	])("%s", async (_, query, node) => {
		const { source } = await start();
		const owners = await source.owners(query);
		expect(owners.map(({ id }) => id)).toEqual([`e0000000-0000-4000-8000-0000000000${node}`]);
	});

	test.each([{ macAddress: "52:54:00:00:99:99" }, { address: "192.0.2.1" }, {}])("%j has no owner", async (query) => {
		const { source } = await start();
		expect(await source.owners(query)).toEqual([]);
	});
});

test("a node without an instance is an instance itself, and is found by its own id only as long as it has none", async () => {
	const { source } = await start();
	const plain = "a0000000-0000-4000-8000-000000000004";
	expect((await source.facts(plain, "all"))?.server?.name).toBe("metal-plain");
	expect(await source.facts(NODE, "all")).toBeUndefined();
	expect(await source.facts("metal-plain", "all")).toBeUndefined();
});

test("bonds, NICs and VLANs that only network_data names", async () => {
	const { source } = await start(({ records }) => {
		records.portgroups = [];
		records.ports = records.ports.filter(({ uuid }) => uuid === "b0000000-0000-4000-8000-000000000100");
		const phy = (id: string, nic: string) => ({ id, type: "phy", ethernet_mac_address: nic, mtu: 9000 });
		edit(records.ports, "b0000000-0000-4000-8000-000000000100", { portgroup_uuid: null });
		edit(records.nodes, NODE, {
			network_data: {
				links: [
					...[phy("eno1", "52:54:00:00:01:01"), phy("eno2", "52:54:00:00:01:02")],
					{ id: "bond0", type: "bond", bond_mode: "802.1ad", bond_links: ["eno1", "eno2"], bond_miimon: 50, mtu: 9000 },
					{ id: "v7", type: "vlan", vlan_link: "bond0", vlan_id: 7, vlan_mac_address: "52:54:00:00:01:77" },
				],
				networks: [{ link: "v7", type: "ipv4_dhcp" }],
				services: [],
			},
		});
	});
	const instance = await source.instance(INSTANCE, "all");
	const document = instance && networkData(instance);
	expect(document?.links).toMatchObject([
		{ type: "phy", ethernet_mac_address: "52:54:00:00:01:01", mtu: 9000 },
		{ type: "phy", ethernet_mac_address: "52:54:00:00:01:02", mtu: 9000 },
		{ type: "bond", bond_mode: "802.3ad", bond_miimon: 50, ethernet_mac_address: "52:54:00:00:01:01", mtu: 9000 },
		{ type: "vlan", vlan_id: 7, vlan_link: "bond0", vlan_mac_address: "52:54:00:00:01:77", mtu: 9000 },
	]);
	expect(document?.networks).toMatchObject([{ type: "ipv4_dhcp", link: document?.links.at(-1)?.id }]);
	expect(document?.networks[0]).not.toHaveProperty("ip_address");
});

test("the doctor names the microversion and the nodes, and those that can't be read", async () => {
	const { fake } = await start(({ records }) => void edit(records.nodes, NODE, { name: 7 }));
	const found = await ironicKind.check({}, { env: fake.env, profile: "full", freshness: 15 });
	expect(found).toMatchObject([
		{ part: "Ironic", ok: true, found: "microversion 1.96" },
		{ part: "Ironic's nodes", ok: true, found: expect.stringMatching(/^10 nodes; node a0.*01 can't be read: /) },
		{ part: "Neutron", ok: true },
	]);
});
