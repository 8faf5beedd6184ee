import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLIENT_NAMES } from "./clients/names.ts";
import { check, describeScopes, losingClients } from "./index.ts";

/** Documents of users' reports and of producers in use, and what each client makes of them. */
function read(name: string): unknown {
	return JSON.parse(readFileSync(new URL(`../../test/check/reported/${name}.json`, import.meta.url), "utf8"));
}

/** `rule client outcome (scopes)`, for the given clients. */
function effects(name: string, ...clients: string[]): string[] {
	return check(read(name), { clients }).flatMap(({ rule, effects: all }) =>
		all.map(({ client, outcome, scopes }) => `${rule} ${client} ${outcome} (${describeScopes(scopes)})`),
	);
}

describe("reported documents: what clients do", () => {
	it.each<[string, string, string[]]>([
		["afterburn-empty-text/network_data", "afterburn", ["netmask-missing afterburn crash ()"]],
		["afterburn-empty-text/empty-mac", "afterburn", ["nic-mac-missing afterburn crash ()"]],
		["afterburn-empty-text/infiniband", "afterburn", ["nic-mac-infiniband afterburn crash ()"]],
		[
			"bond-mode-number-text/network_data",
			"cloud-init",
			[
				"bond-mode-number-text cloud-init lost (with netplan)",
				"bond-mode-number-text cloud-init lost (26.1 and later with networkd)",
			],
		],
		["bond-mode-number-text/network_data", "talos", ["bond-mode-number-text talos crash ()"]],
		["bond-mode-number-text/network_data", "cloudbase-init", ["bond-mode-number-text cloudbase-init crash ()"]],
		[
			"cloud-init-dns-on-every-link/network_data",
			"cloud-init",
			[
				"dns-on-every-link cloud-init wrong (with netplan, networkd)",
				"dns-on-every-link cloud-init wrong (24.1 and later with network-manager)",
			],
		],
		["cloud-init-schema/network_data", "cloud-init@25.1", ["mtu-text cloud-init ignored ()"]],
		["cloud-init-schema/network_data", "cloud-init@25.1", ["vlan-id-text cloud-init ignored ()"]],
		["cloud-init-schema/network_data", "cloud-init@25.1.4", ["vlan-mac-null cloud-init ignored ()"]],
		["cloud-init-schema/network_data", "cloud-init@25.1", ["netmask-number cloud-init ignored ()"]],
		["cloud-init-vlan-mtu/network_data", "cloud-init", ["mtu-unread cloud-init wrong (with network-manager)"]],
		[
			"glean-bonds/network_data",
			"glean",
			[
				"bond-unsupported glean lost (with redhat, suse)",
				"bond-unsupported glean lost (with redhat-keyfiles)",
				"bond-unsupported glean lost (with gentoo)",
				"bond-unsupported glean wrong (with networkd)",
			],
		],
		["dns-nameservers-member/network_data", "cloudbase-init", ["dns-on-networks-alone cloudbase-init wrong ()"]],
		["dns-nameservers-member/network_data", "talos", ["dns-on-networks-alone talos wrong ()"]],
		["dns-nameservers-member/network_data", "glean", ["dns-on-networks-alone glean wrong ()"]],
		["dns-nameservers-member/network_data", "nuageinit", ["dns-on-networks-alone nuageinit wrong ()"]],
		["glean-of-today/only-ipv6", "glean:redhat", ["ipv6-without-ipv4 glean crash ()"]],
		["glean-of-today/only-ipv6", "glean:redhat-keyfiles", ["ipv6-without-ipv4 glean crash ()"]],
		["glean-of-today/bits", "glean:debian", ["netmask-bits glean crash ()"]],
		["glean-of-today/stateful", "glean:networkd", ["network-type-unsupported glean crash ()"]],
		["glean-vlan-on-bond-name/network_data", "glean", ["vlan-name-long glean lost ()"]],
		["nuageinit-gateway6-off-link/network_data", "talos", ["gateway-off-link talos lost ()"]],
		[
			"talos-before-1.13/network_data",
			"talos",
			[
				"bond-mac-foreign talos lost (before 1.13)",
				"vlan-unsupported talos lost (before 1.12.2)",
				"bond-monitoring-missing talos wrong ()",
			],
		],
		["talos-dvs-below-bond-or-vlan/network_data", "talos", ["link-type-unknown talos lost ()"]],
		["talos-dvs-below-bond-or-vlan/bond", "talos", ["link-type-unknown talos lost ()"]],
		[
			"two-defaults-cloud-init-sysconfig/network_data",
			"cloud-init",
			["default-route-twice cloud-init crash (with sysconfig)"],
		],
		[
			"vlan-mtu-above-parent/network_data",
			"cloud-init",
			[
				"mtu-above-parent cloud-init lost (with netplan, networkd)",
				"mtu-above-parent cloud-init wrong (with network-manager)",
			],
		],
		["vlan-name-too-long/network_data", "cloud-init", ["vlan-name-long cloud-init lost ()"]],
		[
			"vlan-static6-degrades/network_data",
			"cloud-init",
			["virtual-link-static6 cloud-init ignored (from 24.2 to before 26.1)"],
		],
		["bond-miimon-text/network_data", "cloud-init", ["bond-miimon-text cloud-init wrong (24.2 and later)"]],
		["bond-miimon-text/number", "talos", ["bond-miimon-number talos wrong ()"]],
		[
			"bond-red-hat/network_data",
			"cloud-init",
			[
				"bond-mode-unread cloud-init lost (before 24.2 with network-manager)",
				"bond-hash-policy-unread cloud-init wrong (before 24.3 with network-manager; 24.2 and later with sysconfig)",
			],
		],
		["bond-without-miimon/network_data", "talos", ["bond-monitoring-missing talos wrong ()"]],
		["bond-without-miimon/network_data", "cloud-init:netplan", ["bond-monitoring-missing cloud-init wrong ()"]],
		["bond-without-miimon/lacp", "talos", ["bond-monitoring-missing talos wrong ()"]],
		[
			"dynamic-network-name-server/network_data",
			"cloud-init",
			["dhcp-dns-unread cloud-init ignored (23.2 and later with netplan)"],
		],
		["gateway-member-alone/network_data", "cloudbase-init", ["default-route-in-gateway-alone cloudbase-init lost ()"]],
		["gateway-member-alone/network_data", "glean:debian", ["default-route-in-gateway-alone glean lost ()"]],
		["gateway-member-alone/network_data", "afterburn", ["default-route-in-gateway-alone afterburn lost ()"]],
		["gateway-off-subnet/network_data", "cloudbase-init", ["gateway-off-link cloudbase-init crash ()"]],
		["nm-no-dns/network_data", "cloud-init", ["dns-not-on-link cloud-init wrong (before 23.2 with network-manager)"]],
		["vlan-own-mac/network_data", "cloud-init:netplan", ["vlan-mac-own cloud-init wrong (from 24.2 to before 25.1.1)"]],
		["vlan-own-mac/network_data", "cloud-init:network-manager", ["vlan-mac-own cloud-init wrong ()"]],
		["vlan-own-mac/network_data", "talos", ["vlan-mac-own talos wrong ()"]],
	])("%s, %s", (name, client, expected) => {
		expect(effects(name, client)).toEqual(expect.arrayContaining(expected));
	});
});

describe("reported documents: a network's own gateway concerns the clients that read it", () => {
	type Network = Record<string, unknown> & { routes: object[] };
	const { networks, ...rest } = read("gateway-member-readers/network_data") as { networks: Network[] };

	/** The clients that a rule names, in one document. */
	const named = (rule: string, document: unknown) =>
		check(document).flatMap((finding) => (finding.rule === rule ? finding.effects.map(({ client }) => client) : []));
	const distinct = (clients: readonly string[]) => [...new Set(clients)];

	it("with another router in routes, IPv4", () => {
		const changed = networks.map((network, index) => (index === 0 ? { ...network, gateway: "192.0.2.2" } : network));
		const clients = distinct(named("default-route-repeated", { ...rest, networks: changed }));
		expect(clients).toEqual(["cloud-init", "talos", "nuageinit", "vyos"]);
	});

	it("with another router in routes, IPv6, of which nuageinit reads no routes", () => {
		const routes = [{ network: "::", netmask: "::", gateway: "2001:db8::2" }];
		const changed = networks.map((network, index) => (index === 1 ? { ...network, routes } : network));
		const clients = distinct(named("default-route-repeated", { ...rest, networks: changed }));
		expect(clients).toEqual(["cloud-init", "talos"]);
	});

	it("beside a default route on another link", () => {
		expect(named("default-route-on-two-links", { ...rest, networks })).toEqual(["cloud-init", "talos"]);
	});
});

describe("reported documents: what does no harm", () => {
	const rules = (name: string, client: string) => effects(name, client).map((effect) => effect.split(" ")[0]);

	it.each<[string, string, string[]]>([
		["bond-mode-number-text/network_data", "glean:debian", ["bond-mode-unknown", "bond-mode-number-text"]],
		["dns-nameservers-member/network_data", "cloud-init", ["dns-missing", "dns-on-networks-alone"]],
		["dns-nameservers-member/network_data", "afterburn", ["dns-missing", "dns-on-networks-alone"]],
		["gateway-off-subnet/network_data", "cloud-init:network-manager", ["gateway-off-link"]],
		["nuageinit-gateway6-off-link/network_data", "nuageinit", ["gateway-off-link"]],
		["glean-of-today/network_data", "glean:redhat", ["routes-missing", "network-type-unsupported"]],
		["dynamic-network-name-server/mended", "cloud-init", ["dhcp-dns-unread"]],
		["bond-red-hat/mended", "cloud-init", ["bond-mode-unread", "bond-hash-policy-unread"]],
		["bond-without-miimon/lacp", "cloud-init", ["bond-monitoring-missing"]],
		["render-dns-in-routes/network_data", "cloud-init@24.3", ["dns-missing", "dns-on-networks-alone"]],
	])("%s, %s", (name, client, unexpected) => {
		expect(rules(name, client).filter((rule) => unexpected.includes(rule ?? ""))).toEqual([]);
	});

	it("a network's gateway that is also its default route in routes", () => {
		const repeated = effects("gateway-member-readers/network_data", ...CLIENT_NAMES).filter((effect) =>
			/^default-route-repeated/.test(effect),
		);
		expect(repeated).toEqual([]);
	});

	it("name servers in dns_nameservers are not reported as missing for any client", () => {
		expect(
			effects("dns-nameservers-member/network_data", ...CLIENT_NAMES).map((effect) => effect.split(" ")[0]),
		).toEqual(Array(4).fill("dns-on-networks-alone"));
	});

	it("a sound bond, for glean on Debian", () => {
		expect(effects("glean-bonds/network_data", "glean:debian")).toEqual([]);
		expect(losingClients(check(read("glean-bonds/network_data"), { clients: ["glean:debian"] }))).toEqual([]);
	});
});

describe("reported documents: the verdict", () => {
	it.each<[string, string[], string[]]>([
		["afterburn-empty-text/network_data", ["afterburn"], ["afterburn"]],
		["glean-bonds/network_data", ["glean"], ["glean"]],
		["glean-vlan-on-bond-name/network_data", ["glean"], ["glean"]],
		["nuageinit-gateway6-off-link/network_data", ["nuageinit"], []],
		["talos-dvs-below-bond-or-vlan/network_data", ["talos"], ["talos"]],
		["talos-before-1.13/network_data", ["talos"], ["talos"]],
		["talos-before-1.13/network_data", ["talos@1.13"], []],
		["vlan-mtu-above-parent/network_data", ["cloud-init"], ["cloud-init"]],
		["vlan-mtu-above-parent/network_data", ["cloud-init:network-manager"], []],
		["vlan-name-too-long/network_data", ["cloud-init"], ["cloud-init"]],
	])("%s for %s", (name, clients, expected) => {
		expect(losingClients(check(read(name), { clients }))).toEqual(expected);
	});

	it("a link that the guest has no NIC for", () => {
		const document = read("nic-not-in-guest/network_data");
		const clients = ["cloud-init", "cloudbase-init", "nuageinit"];
		expect(losingClients(check(document, { clients, nics: ["00:00:00:9f:9b:88"] }))).toEqual(clients);
		expect(check(document, { clients }).map(({ rule }) => rule)).not.toContain("nic-not-in-guest");
	});
});
