/** glean, in images made with diskimage-builder. */

import { type Client, crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import {
	all,
	any,
	hasNetwork,
	isDeclaredOnLink,
	isDnsService,
	isEmptyIterable,
	isIpv6,
	isMissing,
	isNoGateway,
	isStatic,
	not,
} from "./conditions.ts";
import { DEBIAN, emptyOption, GENTOO, gleanLinkReactions, IFCFG, KEYFILES, NETWORKD, stops } from "./glean-links.ts";
import { gleanStop } from "./glean-run.ts";
import { supportFor } from "./network-types.ts";

const refused = "writes it as it is: the system refuses it";
const ignoredServer = "systemd ignores it: the link does not have this name server";

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	// A reaction "crash" holds only where `gleanStop` says so: the next one is what happens otherwise.
	"client-stops": [crash(stops)],
	"document-type": [crash(stops), ignored("treats it as a missing document: DHCP on every NIC")],
	// `gleanStop` knows nothing of texts.
	"document-yaml": [lost("cannot parse it and stops: no NIC is configured")],
	"document-empty": [ignored("DHCP on every NIC")],
	"list-missing": [wrong("treats the document as missing: DHCP on every NIC")],
	"list-type": [fine({ when: isEmptyIterable }), crash(stops)],
	"item-type": [crash(stops)],
	...gleanLinkReactions,
	"network-id-missing": [crash(stops)],
	"network-id-repeated": [lost("keeps only the last of them")],
	"network-link-missing": [crash(stops)],
	"network-link-unknown": [crash(stops), lost("skips the network")],
	"network-type-missing": [crash(stops), lost("configures nothing for the network")],
	"network-type-unknown": [
		crash(stops),
		lost("asks for DHCPv6 and turns router advertisements off: no address", {
			renderers: [NETWORKD],
			when: ({ value }) => value === "ipv6_dhcpv6_stateful",
		}),
		lost("configures nothing for the network"),
	],
	"network-type-unsupported": [
		crash(stops),
		lost("writes IPV6ADDR, which wicked does not know: the address is missing", {
			renderers: ["suse"],
			when: ({ value }) => value === "ipv6",
		}),
		lost("leaves it out: the address is missing", { when: ({ value }) => value === "ipv6" }),
		ignored("leaves it out"),
	],
	"address-missing": [crash(stops), emptyOption, lost("writes None for the address")],
	"address-invalid": [crash(stops), lost(refused, { when: isStatic })],
	"address-family": [crash(stops), lost("writes the address as one of the other family: the system refuses it")],
	"netmask-missing": [crash(stops), emptyOption, lost("writes None for the mask")],
	"netmask-invalid": [crash(stops), lost(refused)],
	"netmask-zero": [crash(stops), wrong("treats every address as on-link")],
	"netmask-bits": [crash(stops), wrong("writes it as it is, which only Debian accepts", { when: not(isIpv6) })],
	"address-prefix": [crash(stops), lost("writes None for the mask")],
	"address-prefix-and-netmask": [crash(stops), lost("writes both: the system refuses them")],
	"several-addresses": [wrong("keeps only one of them", { renderers: [...IFCFG, KEYFILES, GENTOO] })],
	"gateway-not-last": [
		lost("keeps only one address, and may lose the default route", { renderers: ["redhat", KEYFILES] }),
	],
	"ipv6-without-ipv4": [crash(stops)],
	"routes-type": [crash(stops)],
	"route-type": [crash(stops)],
	"route-network-invalid": [
		crash(stops),
		wrong("treats it as a default route", { renderers: [NETWORKD], when: isMissing }),
		fine({ renderers: ["suse"], when: ({ value }) => value === "default" }),
		lost(refused),
	],
	"route-netmask-missing": [
		crash(stops),
		// The program route takes 0 for 0.0.0.0.
		fine({ renderers: [DEBIAN], when: ({ value, route }) => value === 0 && route?.address?.address === "0.0.0.0" }),
		lost(refused),
	],
	"route-netmask-bits": [
		crash(stops),
		lost("counts the ones of the number in binary: the route leads elsewhere", { renderers: [NETWORKD] }),
		lost(refused, { renderers: [DEBIAN, ...IFCFG, GENTOO] }),
	],
	"route-netmask-invalid": [crash(stops), lost(refused)],
	"route-prefix": [crash(stops), lost(refused)],
	"route-network-family": [crash(stops), lost(refused)],
	"route-gateway-missing": [crash(stops), emptyOption, lost(refused)],
	"route-gateway-invalid": [crash(stops), lost(refused)],
	"route-gateway-family": [lost(refused)],
	"gateway-off-link": [
		fine({ renderers: [NETWORKD], when: any(isNoGateway, isDeclaredOnLink) }),
		lost("the kernel refuses the route: the gateway is not a neighbour"),
	],
	"service-type-missing": [crash(stops)],
	"service-address-missing": [
		crash(stops),
		wrong("writes a name server None into resolv.conf", { when: isDnsService }),
	],
	"network-services-type": [crash(stops)],
	"network-service-type": [crash(stops)],
	"service-address-invalid": [
		wrong("writes it into resolv.conf as it is", { when: all(isDnsService, not(hasNetwork)) }),
		wrong(ignoredServer, { renderers: [NETWORKD], when: isDnsService }),
	],
	"network-service-address-invalid": [wrong(ignoredServer, { renderers: [NETWORKD], when: isDnsService })],
};

export const glean: Client = {
	name: "glean",
	title: "glean",
	source: "its source of June 2025, run for each distribution: see below",
	versions: {
		oldest: "1.23",
		newest: "1.25.1",
		note: "from June 2022 (1.23) to June 2025 (1.25.1); older images differ",
	},
	renderers: [
		{ name: DEBIAN, usedBy: "Debian, Ubuntu" },
		{ name: "redhat", usedBy: "RHEL and its derivatives before 10, Fedora: ifcfg files" },
		{ name: KEYFILES, usedBy: "RHEL and its derivatives since 10: NetworkManager keyfiles" },
		{ name: "suse", usedBy: "SUSE: ifcfg files for wicked" },
		{ name: GENTOO, usedBy: "Gentoo" },
		{ name: NETWORKD, usedBy: "any distribution, if configured" },
	],
	networkTypes: {
		...supportFor("ipv4", "ipv4_dhcp"),
		// Elsewhere it replaces what the link has from its other networks.
		manual: [{ renderers: [DEBIAN, NETWORKD] }],
		ipv6: [{ renderers: [DEBIAN, "redhat", KEYFILES, NETWORKD] }],
		ipv6_slaac: [{ renderers: [...IFCFG, KEYFILES, NETWORKD] }],
	},
	stops: gleanStop,
	setsMonitoring: "by-document",
	setsNoMonitoring: { [DEBIAN]: "if 0 or missing" },
	reads: {
		"links[].bond_mode": [{}],
		"links[].bond_miimon": [{ renderers: [DEBIAN, NETWORKD] }],
		"links[].bond_xmit_hash_policy": [{ renderers: [DEBIAN, NETWORKD] }],
		"links[].bond_lacp_rate": [{ renderers: [DEBIAN] }],
		"links[].vlan_mac_address": [{ renderers: ["redhat", "suse", KEYFILES, GENTOO, NETWORKD] }],
		"networks[].routes": [{ renderers: [NETWORKD] }, { when: isStatic, note: "static networks" }],
		"networks[].services": [{ renderers: [NETWORKD] }],
		services: [{}],
	},
	reactions,
};
