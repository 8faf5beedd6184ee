/** Afterburn on KubeVirt: its other OpenStack providers do not read this document. */
import { canonicalMac } from "../../instance/addresses.ts";
import { isWhole } from "../json.ts";
import type { Fault } from "../rule.ts";
import {
	type Client,
	crash,
	fine,
	ignored,
	keepsOwnMtu,
	lost,
	type ParsedTypes,
	type Reaction,
	wrong,
} from "./client.ts";
import {
	all,
	any,
	hasEmptyNetmask,
	hasLink,
	hasMember,
	hasNetwork,
	isAt,
	isDnsService,
	isEmptyText,
	isMissing,
	isNicWithNetwork,
	isNull,
	isStatic,
	isText,
	isTextList,
	isUsed,
	not,
} from "./conditions.ts";
import { supportFor } from "./network-types.ts";

/** The whole document is parsed against types, for the whole drive. */
const givesUp = crash("cannot parse it and ignores the whole drive: no network, host name or keys");
/** Parsed later, when the network is made. */
const fails = "cannot parse it: no NIC is configured";
const failsIfEmpty = crash(fails, { when: isEmptyText });
/** `to_interfaces` goes through the links that networks are on. */
const fineIfUnused = fine({ when: all(any(isText, isMissing, isNull), not(isUsed)) });
const refused = lost("writes it as it is: the system refuses it");

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [givesUp],
	"document-empty": [ignored("leaves the system's default network arguments")],
	"list-type": [givesUp],
	"item-type": [givesUp],
	"link-id-missing": [fine({ when: isEmptyText }), givesUp],
	"link-id-repeated": [lost("the last of them gets every network, the others none")],
	"link-type-missing": [givesUp],
	"nic-name": [ignored("uses it in the initramfs instead of finding the NIC by its MAC address")],
	"nic-mac-missing": [
		fineIfUnused,
		failsIfEmpty,
		lost("leaves the link out", { when: not(hasMember("link", "name")) }),
	],
	"nic-mac-invalid": [fineIfUnused, fine({ when: hasDashesForColons }), crash(fails)],
	"nic-mac-infiniband": [fineIfUnused, crash(fails)],
	"nic-mac-repeated": [lost("two connections for one NIC: one of them is used")],
	"nic-not-in-guest": [ignored("writes a connection that no NIC uses")],
	"mtu-unread": [wrong(keepsOwnMtu, { when: isNicWithNetwork })],
	"mtu-text": [givesUp],
	"mtu-invalid": [givesUp],
	"number-fraction": [fine({ when: not(any(isAt("mtu"), isAt("metric"))) }), givesUp],
	"member-type": [givesUp],
	"bond-mac-missing": [fineIfUnused, failsIfEmpty],
	"bond-mac-invalid": [fineIfUnused, fine({ when: hasDashesForColons }), crash(fails)],
	"bond-unsupported": [lost("configures the NIC that has the bond's MAC address, without a bond")],
	"vlan-unsupported": [lost("leaves the link out", { when: isUsed })],
	"network-id-missing": [fine({ when: isEmptyText }), givesUp],
	"network-link-missing": [givesUp],
	"network-link-unknown": [lost("skips the network", { when: isText }), givesUp],
	"network-type-missing": [fine({ when: isEmptyText }), givesUp],
	"network-type-unknown": [lost("configures nothing for the network")],
	"address-missing": [
		failsIfEmpty,
		lost("configures no address", { when: ({ value }) => value === undefined || value === null }),
		givesUp,
	],
	"address-invalid": [fine({ when: not(isStatic) }), crash(fails)],
	"netmask-missing": [
		failsIfEmpty,
		wrong("assumes /32, for IPv6 /128: neither neighbours nor gateways can be reached"),
	],
	"netmask-invalid": [crash(fails)],
	"netmask-number": [givesUp],
	// It takes the mask after the address only where there is no other, not even an empty one.
	"address-prefix": [crash(fails, { when: hasEmptyNetmask })],
	"address-prefix-and-netmask": [crash(fails)],
	"routes-type": [givesUp],
	"route-type": [givesUp],
	"route-network-invalid": [crash(fails, { when: isText }), givesUp],
	"route-netmask-missing": [failsIfEmpty, givesUp],
	"route-netmask-invalid": [crash(fails)],
	"route-prefix": [crash(fails)],
	"route-gateway-missing": [failsIfEmpty, givesUp],
	"route-gateway-invalid": [crash(fails)],
	"route-gateway-family": [refused],
	"gateway-off-link": [lost("the kernel refuses the route: the gateway is not a neighbour")],
	"host-routes-unread": [ignored("leaves it out in the initramfs")],
	"service-type-missing": [givesUp],
	"service-address-missing": [
		crash(fails, { when: all(isEmptyText, isDnsService) }),
		fine({ when: isEmptyText }),
		givesUp,
	],
	"service-address-invalid": [
		crash(fails, {
			when: all(isDnsService, not(hasNetwork)),
		}),
	],
	"dns-nameserver-invalid": [crash(fails, { when: all(hasLink, isTextList) })],
	"dhcp-on-two-links": [],
};

/** Serde takes null for an `Option`, and for nothing else. */
const text = (value: unknown) => typeof value === "string";
const optionalText = (value: unknown) => value === null || typeof value === "string";
const optionalBelow = (limit: number) => (value: unknown) => value === null || (isWhole(value) && value < limit);

/** `NetworkData` in src/providers/kubevirt/configdrive.rs. */
const parsedTypes: ParsedTypes = {
	links: {
		id: text,
		name: optionalText,
		type: text,
		ethernet_mac_address: optionalText,
		mtu: optionalBelow(2 ** 16),
		vif_id: optionalText,
	},
	networks: {
		id: text,
		type: text,
		link: text,
		ip_address: optionalText,
		netmask: optionalText,
		routes: Array.isArray,
		dns_nameservers: (value) => Array.isArray(value) && value.every(text),
		network_id: optionalText,
	},
	routes: { network: text, netmask: text, gateway: text, metric: optionalBelow(2 ** 32) },
	services: { type: text, address: text },
};

export const afterburn: Client = {
	name: "afterburn",
	title: "Afterburn on KubeVirt",
	source: "its source of July 2026",
	versions: {
		oldest: "5.11",
		newest: "5.11",
		note: "5.11, not yet released in July 2026; 5.10 and older read no `network_data.json`",
	},
	renderers: [],
	networkTypes: supportFor("ipv4", "ipv4_dhcp", "ipv6", "ipv6_dhcp"),
	parsesRoutes: ({ link }) => link !== undefined,
	parsesServices: () => false,
	parsedTypes,
	reads: {
		"links[].name": [{}],
		"networks[].routes": [{ when: ({ network }) => network?.link !== undefined }],
		"networks[].dns_nameservers": [{}],
		services: [{}],
	},
	reactions,
};

/** It accepts dashes for colons. */
function hasDashesForColons({ value }: Fault): boolean {
	return typeof value === "string" && value.length === 17 && canonicalMac(value) !== undefined;
}
