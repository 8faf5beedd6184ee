import { describe, expect, it } from "vitest";
import { bonded, document, ipv4, ipv6, MAC3, nic, nic2, vlan } from "../../test/check/documents.ts";
import { check } from "./check.ts";

/** The severities of a rule's findings, with their clients. */
function severitiesOf(rule: string, of: unknown, ...clients: string[]): string[] {
	return check(of, clients.length > 0 ? { clients } : {}).flatMap((finding) =>
		finding.rule === rule ? finding.effects.map(({ client, severity }) => `${client} ${severity}`) : [],
	);
}

type Part = Readonly<Record<string, unknown>>;

/** A VLAN with IPv6 on a NIC. */
const onVlan = (below: Part, above: Part) => ({
	links: [nic(below), vlan(above)],
	networks: [ipv6({ link: "vlan0" })],
});
const offSubnet = (link: Part, network: Part) => document({ links: [nic(link)], networks: [ipv4(network)] });

describe("a fault that can only be fixed in Neutron is a limitation, and without a Neutron port an error", () => {
	const port = { vif_id: "8a5b0c8e-3b1d-4c3a-9c52-0d5e0e6f1a01" };

	it("for a bond whose MAC address is not one of its members'", () => {
		const bond = { ethernet_mac_address: MAC3 };
		const clients = ["cloudbase-init", "talos@1.12"];
		expect(severitiesOf("bond-mac-foreign", bonded(bond), ...clients)).toEqual(["cloudbase-init error", "talos error"]);
		expect(severitiesOf("bond-mac-foreign", bonded({ ...bond, ...port }), ...clients)).toEqual([
			"cloudbase-init warning",
			"talos warning",
		]);
	});

	it("for two NICs with one MAC address", () => {
		const links = (second: Part) => document({ links: [nic(port), nic({ id: "tap1", ...second })] });
		expect(severitiesOf("nic-mac-repeated", links({}), "cloud-init")).toEqual(["cloud-init error"]);
		expect(severitiesOf("nic-mac-repeated", links(port), "cloud-init")).toEqual(["cloud-init warning"]);
	});

	it.each<[unknown]>([[1200], ["1200"]])("for a VLAN's MTU, where its parent's is %j", (mtu) => {
		const rule = "mtu-below-ipv6";
		expect(severitiesOf(rule, onVlan({ mtu }, { mtu: 1200 }), "talos")).toEqual(["talos error"]);
		expect(severitiesOf(rule, onVlan({ mtu }, { mtu: 1200, ...port }), "talos")).toEqual(["talos warning"]);
		expect(severitiesOf(rule, onVlan({ mtu: 1500 }, { mtu: 1200, ...port }), "talos")).toEqual(["talos error"]);
		expect(severitiesOf(rule, document({ links: [nic({ mtu, ...port })], networks: [ipv6()] }), "cloud-init")).toEqual([
			"cloud-init error",
		]);
	});

	it("for a gateway outside the subnets, written only as the network's own", () => {
		const gateway = "172.16.4.1";
		const routes = [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway }];
		const rule = "gateway-off-link";
		expect(severitiesOf(rule, offSubnet({}, { gateway }), "talos")).toEqual(["talos error"]);
		expect(severitiesOf(rule, offSubnet(port, { gateway }), "talos")).toEqual(["talos warning"]);
		expect(severitiesOf(rule, offSubnet(port, { gateway, routes }), "talos")).toEqual(["talos error", "talos error"]);
		expect(severitiesOf(rule, offSubnet(port, { routes }), "talos")).toEqual(["talos error"]);
	});

	it("for any other route through such a gateway, after an on-link route to it", () => {
		const gateway = "172.16.4.1";
		const route = { network: "192.0.2.0", netmask: "255.255.255.0", gateway };
		const declared = [{ network: gateway, netmask: "255.255.255.255", gateway: "0.0.0.0" }, route];
		const rule = "gateway-off-link";
		for (const client of ["cloud-init:netplan", "cloud-init:networkd", "talos", "glean:networkd"]) {
			expect(severitiesOf(rule, offSubnet(port, { routes: [route] }), client)).toHaveLength(1);
			expect(severitiesOf(rule, offSubnet(port, { routes: declared }), client)).toEqual([]);
		}
		const [one, other] = ["cloud-init error", "cloud-init warning"];
		expect(severitiesOf(rule, offSubnet(port, { routes: [route] }), "cloud-init:eni")).toEqual([one]);
		expect(severitiesOf(rule, offSubnet({}, { routes: declared }), "cloud-init:eni")).toEqual([one, one]);
		expect(severitiesOf(rule, offSubnet(port, { routes: declared }), "cloud-init:eni")).toEqual([other, other]);
	});

	it("for such a gateway in clients that do not read it", () => {
		const rule = "default-route-in-gateway-alone";
		expect(severitiesOf(rule, offSubnet({}, { gateway: "172.16.4.1" }), "afterburn")).toEqual(["afterburn error"]);
		expect(severitiesOf(rule, offSubnet(port, { gateway: "172.16.4.1" }), "afterburn")).toEqual(["afterburn warning"]);
		expect(severitiesOf(rule, offSubnet(port, { gateway: "10.0.0.1" }), "afterburn")).toEqual(["afterburn error"]);
	});
});

/** The outcomes of a rule for a bond, with their clients. */
function outcomesOf(rule: string, bond: Part, ...clients: string[]): string[] {
	return check(bonded(bond), { clients }).flatMap((finding) =>
		finding.rule === rule ? finding.effects.map(({ client, outcome }) => `${client} ${outcome}`) : [],
	);
}

describe("a bond's hash policy", () => {
	const rule = "bond-hash-policy-unknown";

	it("as a number is left out by Talos: the policy is layer2, which is 0", () => {
		expect(outcomesOf(rule, { bond_xmit_hash_policy: 1 }, "talos")).toEqual(["talos wrong"]);
		expect(outcomesOf(rule, { bond_xmit_hash_policy: 0 }, "talos")).toEqual([]);
		expect(outcomesOf(rule, { bond_xmit_hash_policy: "1" }, "talos")).toEqual(["talos crash"]);
	});

	it("of vlan+srcmac is not known to systemd, which sets up the bond for netplan", () => {
		const policy = { bond_xmit_hash_policy: "vlan+srcmac" };
		expect(outcomesOf(rule, policy, "cloud-init:netplan")).toEqual(["cloud-init wrong"]);
		expect(outcomesOf(rule, policy, "cloud-init@26.1:networkd", "glean:networkd")).toEqual([
			"cloud-init wrong",
			"glean wrong",
		]);
		expect(outcomesOf(rule, policy, "cloud-init:sysconfig", "cloud-init:eni", "glean:debian")).toEqual([]);
	});
});

describe("a bond's address as a partner of LACP", () => {
	const outcomes = (bond_ad_actor_system: string, bond_mode = "802.3ad") =>
		["eni", "network-manager"].map((renderer) =>
			outcomesOf("bond-option-invalid", { bond_mode, bond_ad_actor_system }, `cloud-init@26.2:${renderer}`).join(),
		);

	it.each([
		["02:00:00:00:00:0c", "", ""],
		["02:00:00:00:00:0C", "", ""],
		["00:00:00:00:00:00", "", ""],
		["02-00-00-00-00-0c", "cloud-init wrong", ""],
		[Array.from({ length: 20 }, () => "02").join(":"), "cloud-init wrong", "cloud-init wrong"],
		["01:00:5e:00:00:01", "cloud-init wrong", "cloud-init lost"],
	])("is taken as %s as the driver and NetworkManager do", (mac, ifupdown, networkManager) => {
		expect(outcomes(mac)).toEqual([ifupdown, networkManager]);
	});

	it("does not keep NetworkManager from making a bond of another mode", () => {
		expect(outcomes("01:00:5e:00:00:01", "active-backup")).toEqual(["cloud-init wrong", "cloud-init wrong"]);
	});
});

describe("link monitoring only in bond-miimon", () => {
	const monitoring = (client: string, bond: Part) =>
		outcomesOf("bond-monitoring-missing", { bond_miimon: null, ...bond }, client);

	it("is read by cloud-init before 24.2", () => {
		for (const renderer of ["netplan", "sysconfig", "eni"]) {
			const dashed = { "bond-miimon": 100 };
			expect(monitoring(`cloud-init@22.4:${renderer}`, dashed)).toEqual([]);
			expect(monitoring(`cloud-init@24.1:${renderer}`, dashed)).toEqual([]);
			expect(monitoring(`cloud-init@24.2:${renderer}`, dashed)).toEqual(["cloud-init wrong"]);
			expect(monitoring(`cloud-init@22.4:${renderer}`, { "bond-miimon": 0 })).toEqual(["cloud-init wrong"]);
		}
	});
});

describe("an MTU as text", () => {
	const links = (below: unknown, above: unknown) => [nic({ mtu: below }), nic2(), vlan({ mtu: above })];
	const above = (...mtus: [unknown, unknown]) =>
		severitiesOf("mtu-above-parent", { links: links(...mtus), networks: [ipv4({ link: "vlan0" })] }, "talos");

	it("is left out by Talos: no VLAN is then above its parent", () => {
		expect(above(1400, 1450)).toEqual(["talos warning"]);
		expect(above("1400", 1450)).toEqual([]);
		expect(above(1400, "1450")).toEqual([]);
	});
});
