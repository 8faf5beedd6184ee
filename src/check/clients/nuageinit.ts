/** nuageinit, in FreeBSD. */
import { macOf } from "../document-view.ts";
import { member } from "../json.ts";
import type { Fault } from "../rule.ts";
import {
	type Client,
	crash,
	fine,
	keepsLast,
	keepsOwnMtu,
	lost,
	type ParsedTypes,
	type Reaction,
	wrong,
} from "./client.ts";
import {
	all,
	hasEmptyNetmask,
	hasNetwork,
	hasOwnPrefix,
	isDnsService,
	isEmptyText,
	isIpv6,
	isMissing,
	isNicWithNetwork,
	isStatic,
	isText,
	not,
} from "./conditions.ts";
import { supportFor } from "./network-types.ts";

const CONFIGURED = ["ipv4", "ipv4_dhcp", "ipv6"] as const;

/** The network comes before the user data, and today before the host name and keys, too. */
const stopping = "stops: no network and nothing of the user data, in newer releases no host name or keys either";
const stops = crash(stopping);
/** Lua cannot join a name that is nil: `"ifconfig_" .. interface`. */
const noSuchNic = `finds no NIC with that address and ${stopping}`;
const noNic = crash(noSuchNic, { when: isUsed });
const refused = lost("writes it as it is: the system refuses it");
/** An empty text can be joined. */
const refusedIfEmpty = lost(refused.text, { when: isEmptyText });
const isIpv4 = not(isIpv6);

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [stops],
	"document-yaml": [lost("cannot parse it: no NIC is configured")],
	"document-empty": [lost("configures no NIC, or stops if the lists are missing")],
	"list-missing": [stops],
	"list-type": [stops],
	"item-type": [stops],
	"link-id-missing": [fine({ when: not(isMissing) }), stops],
	"link-id-repeated": [lost("the last of them gets every network, the others none")],
	"nic-mac-missing": [fine({ when: all(isEmptyText, not(isUsed)) }), stops],
	"nic-mac-invalid": [crash(stopping, { when: not(isText) }), noNic],
	"nic-mac-infiniband": [noNic],
	"nic-mac-repeated": [lost("the last link's addresses replace the others'")],
	"nic-mac-unusable": [noNic],
	"nic-not-in-guest": [noNic],
	"mtu-unread": [wrong(keepsOwnMtu, { when: isNicWithNetwork })],
	"bond-mac-missing": [fine({ when: all(isEmptyText, not(isUsed)) }), stops],
	"bond-mac-foreign": [crash(noSuchNic, { when: all(isUsed, not(hasNicsMac)) })],
	"bond-unsupported": [
		lost("configures the NIC that has the bond's MAC address, without a bond", { when: hasNicsMac }),
	],
	"vlan-unsupported": [
		fine({ when: all(hasEthernetMac, not(isUsed)) }),
		lost("configures the NIC that has the VLAN's MAC address, without a VLAN", {
			when: all(hasEthernetMac, hasNicsMac),
		}),
		crash(noSuchNic, { when: hasEthernetMac }),
		crash(`stops at a link without ethernet_mac_address: ${stopping}`),
	],
	"network-link-missing": [crash(stopping, { when: isKnown })],
	"network-link-unknown": [crash(stopping, { when: isKnown })],
	"network-type-missing": [lost("configures nothing for the network")],
	"network-type-unknown": [lost("configures nothing for the network")],
	"address-missing": [refusedIfEmpty, stops],
	"address-invalid": [refused],
	"address-family": [lost("writes the address as one of the other family: the system refuses it")],
	"netmask-missing": [fine({ when: isAddressIpv6 }), refusedIfEmpty, stops],
	"netmask-invalid": [fine({ when: isAddressIpv6 }), refused],
	"netmask-bits": [fine({ when: isAddressIpv6 }), lost("ifconfig reads 24 as the mask 0.0.0.24")],
	"address-prefix": [fine({ when: isAddressIpv6 }), lost(refused.text, { when: hasEmptyNetmask }), stops],
	"address-prefix-and-netmask": [fine({ when: isAddressIpv6 }), lost("writes both: the system refuses them")],
	"ipv6-prefix-assumed": [wrong("does not read the mask: the address gets a /64", { when: not(hasOwnPrefix) })],
	"several-addresses": [wrong("keeps only the last of them")],
	"routes-type": [stops],
	"route-type": [stops],
	"route-network-invalid": [crash("stops, or writes a route that the system refuses")],
	"route-netmask-missing": [
		fine({ when: ({ route }) => route?.address?.address === "0.0.0.0" }),
		wrong("writes it without a mask: the system guesses one", { when: isEmptyText }),
		stops,
	],
	"route-netmask-invalid": [refused],
	"route-prefix": [crash("stops, or writes a route that the system refuses")],
	"route-network-family": [refused],
	"route-gateway-missing": [refusedIfEmpty, stops],
	"route-gateway-invalid": [refused],
	"gateway-invalid": [lost(refused.text, { when: ({ value }) => isJoinable(value) })],
	"route-gateway-family": [refused],
	"gateway-off-link": [
		// For an IPv6 gateway it writes a route to the gateway itself.
		lost("the kernel refuses the route: the gateway is not a neighbour", { when: all(isIpv4) }),
	],
	"dns-in-services-unread": [wrong("does not read it: the guest does not have this name server", { until: "14.4" })],
	"service-type-missing": [wrong("leaves it out")],
	"service-address-invalid": [
		wrong("writes it into resolv.conf as it is", {
			when: all(isDnsService, not(hasNetwork), ({ value }) => isJoinable(value)),
		}),
	],
	"member-type": [
		crash(stopping, { when: all(isStatic, isKnown) }),
		crash(stopping, { since: "14.4", when: isDnsService }),
	],
	// Each line of rc.conf replaces the one before.
	"default-route-repeated": [wrong(keepsLast)],
	"default-route-on-two-links": [wrong(keepsLast)],
	"dhcp-on-two-links": [],
};

/** What Lua joins with text. Not null: libucl has a value of its own for it, which counts as there. */
const isJoinable = (value: unknown) => typeof value === "string" || typeof value === "number";

/** What it joins where another rule does not say so. */
const parsedTypes: ParsedTypes = {
	networks: { gateway: (value) => value === false || isJoinable(value) },
	services: { address: isJoinable },
};

export const nuageinit: Client = {
	name: "nuageinit",
	title: "nuageinit (FreeBSD)",
	source: "its first source and that of 2025 (freebsd-src 16a6da44 and 072ca5df)",
	versions: { oldest: "14.4", newest: "15.0", note: "FreeBSD 14.4 and 15; name an older version to have it judged" },
	renderers: [],
	networkTypes: supportFor(...CONFIGURED),
	parsedTypes,
	reads: {
		"networks[].gateway": [{ when: isStatic, note: "static networks" }],
		"networks[].routes": [{ when: ({ network }) => network?.type === "ipv4", note: "static IPv4" }],
		// 16a6da44 reads none, and the function that writes them came in June 2025 (nuageinit.7), after 14.3.
		services: [{ since: "14.4" }],
	},
	reactions,
};

function isKnown({ network }: Fault): boolean {
	return CONFIGURED.some((type) => type === network?.type);
}

function isAddressIpv6({ network }: Fault): boolean {
	return network?.address?.version === 6;
}

/** A network that it configures is on the link. */
function isUsed({ link }: Fault): boolean {
	return link?.networks.some((network) => CONFIGURED.some((type) => type === network.type)) === true;
}

/** A VLAN link that has the member that nuageinit looks for. */
function hasEthernetMac({ link }: Fault): boolean {
	return link !== undefined && typeof member(link.raw, "ethernet_mac_address") === "string";
}

/** The link has the MAC address of a NIC of the document, or none that is valid. */
function hasNicsMac({ link, document }: Fault): boolean {
	const mac = link && macOf(link);
	return mac === undefined || document.links.some((nic) => nic.kind === "nic" && macOf(nic) === mac);
}
