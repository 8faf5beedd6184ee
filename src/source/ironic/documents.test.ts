import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeIronic, type IronicRelease, recordedAnswer, startFakeIronic } from "../../../test/fake-ironic.ts";
import { check } from "../../check/index.ts";
import { networkData } from "../../documents/network-data-full.ts";
import type { RemoteSource } from "../remote-source.ts";
import { openIronicSource } from "./index.ts";

/** Members of the recorded nodes' documents, by hand: `[MAC of the bond or NIC, …]`. */
interface Expected {
	/** Those of NICs in no bond. */
	readonly nics?: readonly string[];
	readonly bond?: { readonly mac: string; readonly members: readonly string[]; readonly options: object };
	/** VLANs on the bond. */
	readonly vlans?: readonly number[];
	readonly mtu?: number;
	readonly networks: readonly object[];
}

const mac = (node: number, nic: number) => `52:54:00:00:${String(node).padStart(2, "0")}:0${nic}`;
const lacp = (node: number, extra: object = {}) => ({
	mac: mac(node, 1),
	members: [mac(node, 1), mac(node, 2)],
	options: {
		bond_mode: "802.3ad",
		bond_miimon: 100,
		bond_xmit_hash_policy: "layer3+4",
		bond_lacp_rate: "fast",
		...extra,
	},
});
const dhcp = [{ type: "ipv4_dhcp" }];

/** Without a document: the guest's own fallback is better than one that says nothing. */
const NONE = ["metal-ib", "metal-empty-group"];

const EXPECTED: Readonly<Record<string, Expected>> = {
	"metal-bond": { bond: lacp(1), networks: dhcp },
	"metal-bond-texts": {
		bond: lacp(2, {
			...{ bond_xmit_hash_policy: "layer2+3", bond_updelay: "200", bond_downdelay: "200", bond_min_links: "1" },
			bond_on: "1",
		}),
		networks: dhcp,
	},
	"metal-static": {
		bond: lacp(3),
		vlans: [100],
		mtu: 9000,
		networks: [
			{ type: "ipv4", ip_address: "10.9.0.13", netmask: "255.255.255.0", dns_nameservers: ["10.9.0.53"] },
			{ type: "ipv6", ip_address: "2001:db8:9::13", netmask: "ffff:ffff:ffff:ffff::" },
		],
	},
	// Its network data names one of its two NICs, and no address.
	"metal-plain": { nics: [mac(4, 1), mac(4, 2)], networks: [] },
	"metal-v6": {
		nics: [mac(5, 1)],
		networks: [
			{
				...{ type: "ipv6", ip_address: "2001:db8:6::15", netmask: "ffff:ffff:ffff:ffff::" },
				routes: [{ network: "::", netmask: "::", gateway: "2001:db8:6::1" }],
			},
		],
	},
	"metal-no-mac": {
		bond: {
			...{ mac: mac(8, 1), members: [mac(8, 1), mac(8, 2)] },
			options: { bond_mode: "active-backup", bond_miimon: 100 },
		},
		networks: dhcp,
	},
	// The switch tags all of the port channel's VLANs but the native one.
	"metal-switchport": { bond: lacp(9), vlans: [20, 30, 31, 32], nics: [mac(9, 3)], networks: dhcp },
	"metal-flat": { bond: lacp(10), nics: [mac(10, 3)], networks: dhcp },
	"metal-neutron": { bond: lacp(11), nics: [mac(11, 3)], networks: dhcp },
};

const schema = JSON.parse(readFileSync(new URL("../../../schema/network_data.json", import.meta.url), "utf8"));
const isValid = new Ajv2020({ strict: false }).compile(schema);

/** Links as the expectation has them: by MAC address. */
function linksOf({ nics = [], bond, vlans = [], mtu = 1500 }: Expected): object[] {
	const phy = (ethernet_mac_address: string) => ({ type: "phy", ethernet_mac_address, mtu });
	return [
		...(bond?.members ?? []).map(phy),
		...(bond ? [{ type: "bond", ethernet_mac_address: bond.mac, mtu, ...bond.options }] : []),
		...vlans.map((vlan_id) => ({ type: "vlan", vlan_id, vlan_mac_address: bond?.mac, mtu })),
		...nics.map(phy),
	];
}

describe.each<IronicRelease>(["29", "35", "39"])("the recorded nodes of Ironic %s", (release) => {
	let fake: FakeIronic;
	let source: RemoteSource;
	beforeAll(async () => {
		fake = await startFakeIronic(release);
		source = await openIronicSource({ env: fake.env });
	});
	afterAll(async () => {
		await source.close();
		await fake.close();
	});

	const documentOf = async (name: string) => {
		const [node] = (await source.list()).filter((one) => one.name === name);
		const instance = await source.instance(node?.id ?? "", "all");
		return instance && networkData(instance);
	};

	test("are all listed, including those that Ironic hides", async () => {
		const names = (await source.list()).map(({ name }) => name).sort();
		expect(names).toEqual([...Object.keys(EXPECTED), ...NONE].sort());
	});

	test.each(Object.entries(EXPECTED))("%s", async (name, expected) => {
		const document = await documentOf(name);
		const wanted = linksOf(expected);
		expect(document?.links).toHaveLength(wanted.length);
		expect(document?.links).toMatchObject(wanted);
		expect(document?.networks).toHaveLength(expected.networks.length);
		expect(document?.networks).toMatchObject(expected.networks);
		isValid(document);
		expect(isValid.errors).toBeNull();
		const bond = document?.links.find(({ type }) => type === "bond");
		const members = document?.links.filter(({ id }) => bond && "bond_links" in bond && bond.bond_links.includes(id));
		expect(members).toMatchObject(expected.bond?.members.map((each) => ({ ethernet_mac_address: each })) ?? []);
		const vlans = document?.links.filter((link) => "vlan_link" in link && link.vlan_link === bond?.id);
		expect(vlans).toHaveLength(expected.vlans?.length ?? 0);
	});

	test.each(Object.keys(EXPECTED))("%s has no error for cloud-init, glean, cloudbase-init and Talos", async (name) => {
		const document = await documentOf(name);
		const found = document ? check(document, { clients: ["cloud-init", "glean", "cloudbase-init", "talos"] }) : [];
		const errors = found.filter(({ effects }) => effects.some(({ severity }) => severity === "error"));
		expect(errors.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
	});

	test.each(NONE)("%s has no document", async (name) => {
		expect(await documentOf(name)).toBeUndefined();
	});
});

test("a dynamic port group gets a bond that notices a dead link", async () => {
	const fake = await startFakeIronic("39");
	const source = await openIronicSource({ env: fake.env });
	const list = (name: string, member: string) => recordedAnswer("39", name).body[member] as never[];
	fake.records.nodes.push(recordedAnswer("39", "dynamic-node").body as never);
	fake.records.ports.push(...list("dynamic-ports", "ports"));
	fake.records.portgroups.push(...list("dynamic-portgroups", "portgroups"));
	const instance = await source.instance("a0000000-0000-4000-8000-000000000012", "all");
	const document = instance && networkData(instance);
	expect(document?.links.find(({ type }) => type === "bond")).toMatchObject({
		...{ bond_mode: "active-backup", bond_miimon: 100, ethernet_mac_address: "52:54:00:00:12:01" },
		bond_links: ["b0000000-0000-4000-8000-000000001200", "b0000000-0000-4000-8000-000000001201"],
	});
	await source.close();
	await fake.close();
});
