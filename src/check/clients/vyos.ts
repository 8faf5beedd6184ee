/** VyOS, whose fork of cloud-init converts the document as cloud-init 22.1 does and then writes VyOS's own configuration. */
import { modeOf } from "../bond-members.ts";
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, ignored, keepsLast, lost, type Reaction, wrong } from "./client.ts";
import {
	all,
	any,
	hasOwnPrefix,
	hasVlan,
	isAddressList,
	isIpv6,
	isMissing,
	isNic,
	isNumber,
	isStatic,
	not,
} from "./conditions.ts";
import { conversionReactions, emptyApplied } from "./conversion.ts";
import { supportFor } from "./network-types.ts";

const unreadOption = "reads no bond option of the document: it looks for mode, and the conversion writes bond_mode";
const stops = "stops: nothing of the document is configured";

/**
 * An exception at a route of a static network. On a NIC it ends `cc_vyos`; of a bond or a VLAN, `set_config_interfaces_v1`
 * only logs it.
 */
const failsAt = (error: string, { when = () => true, ...range }: Pick<Reaction, "when" | "until"> = {}): Reaction[] => [
	crash(`${error}: ${stops}`, { ...range, when: all(isStatic, isOnNic, when) }),
	lost(`${error}: the rest of the link's settings is left out`, { ...range, when: all(isStatic, when) }),
];

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	...conversionReactions,
	"document-empty": [lost(emptyApplied)],
	"networks-missing": [ignored("brings the links up without an address; its own DHCP fallback is off")],
	"link-type-missing": [crash("KeyError: no NIC is configured", { when: isMissing })],
	"nic-name": [
		lost("makes no VLAN on it: it knows NICs by names like eth0", { when: hasVlanUnderOtherName }),
		ignored("expects a name like eth0"),
	],
	"link-name-repeated": [wrong("the addresses of both links are on one NIC", { when: areNics })],
	"nic-mac-repeated": [wrong("the addresses of both links are on one NIC")],
	// `set_ether_mtu` in config/cc_vyos.py compares it with the NIC's largest as it is, since December 2023 (700988a5).
	"mtu-text": [crash(`TypeError: ${stops}`, { when: isNic })],
	"mtu-invalid": [crash(`TypeError: ${stops}`, { when: all(isNic, not(any(isNumber, isTrueOrFalse))) })],
	"bond-unsupported": [lost(`${unreadOption}; the bond has VyOS's default, 802.3ad`, { when: isNotLacp })],
	// The conversion writes `params.mac_address`, and `cc_vyos` looks for `mac_address`.
	"bond-mac-foreign": [
		lost("does not set it: the bond has its first member's address, and port security drops its frames"),
	],
	"vlan-mac-own": [wrong("does not set it: port security drops the VLAN's frames")],
	// Its parent's name does not begin as a NIC's or a bond's.
	"vlan-over-vlan": [lost("logs an error: the VLAN is missing")],
	"network-type-unknown": [lost("configures nothing for the network")],
	"network-type-unsupported": [ignored("leaves it out: the address may still come by router advertisement")],
	"address-missing": [lost("logs an error and configures no address")],
	"address-invalid": [lost("logs an error and configures no address", { when: isStatic })],
	"netmask-missing": [lost("logs an error and configures no address", { when: not(isIpv6) })],
	"netmask-invalid": [lost("logs an error and configures no address", { when: not(isIpv6) })],
	// `set_ipaddress` skips an address that does not go together with those that the interface has.
	"dhcp-beside-static": [lost("skips it: an interface has either DHCP or static addresses of a family")],
	"ipv6-netmask-unread": [
		wrong("does not read the mask: the address gets a /128, without its neighbours", { when: not(hasOwnPrefix) }),
	],
	"route-netmask-missing": failsAt("KeyError"),
	"route-netmask-invalid": failsAt("ValueError"),
	// Python's `ip_network` takes IPv6 masks only as numbers of bits; pull request 90 of March 2026 converts them.
	"ipv6-route-mask": failsAt("ValueError", { until: "2026.4" }),
	"route-host-bits": failsAt("ValueError"),
	"route-network-invalid": failsAt("ValueError"),
	"route-prefix": failsAt("ValueError"),
	"route-gateway-missing": failsAt("KeyError", { when: isMissing }),
	"route-gateway-invalid": [lost("the system refuses the configuration")],
	"gateway-family": [lost("the system refuses the configuration")],
	// `_configure_subnets_v1` takes the gateway of any network for IPv4's, and replaces an earlier one.
	"ipv6-gateway": [lost("writes it as the IPv4 default route, in place of the guest's own: the system refuses it")],
	"route-gateway-family": [lost("the system refuses the configuration")],
	"gateway-off-link": [lost("the route never becomes active: the gateway is not a neighbour")],
	"service-address-missing": [crash(`KeyError: ${stops}`, { when: isMissing })],
	"service-address-invalid": [
		fine({ when: isAddressList }),
		lost("the system refuses the configuration", { when: ({ network }) => network === undefined }),
	],
	"network-services-type": [],
	"network-service-type": [],
	"default-route-repeated": [wrong(keepsLast)],
	"default-route-on-two-links": [wrong(keepsLast)],
	"dhcp-on-two-links": [],
};

export const vyos: Client = {
	name: "vyos",
	title: "VyOS",
	source: "its cloud-init fork of February 2024, and what its pull request 90 of March 2026 changed",
	versions: {
		oldest: "1.3",
		newest: "2026.8",
		maintained: "1.5",
		note: "1.3 to 1.5, with the fork of February 2024, and rolling releases such as 2026.4",
	},
	renderers: [],
	networkTypes: supportFor("ipv4", "ipv4_dhcp", "ipv6", "ipv6_dhcp", "static", "static6", "dhcp", "dhcp4", "dhcp6"),
	parsesRoutes: ({ link }) => link !== undefined,
	parsesServices: () => false,
	reads: {
		"links[].name": [{ when: ({ link }) => link?.kind === "nic", note: "NICs" }],
		"links[].mtu": [{}],
		"networks[].gateway": [{ when: ({ network }) => network?.version === 4 && network.isStatic, note: "static IPv4" }],
		"networks[].routes": [{ when: isStatic, note: "static networks" }],
		"networks[].dns_nameservers": [{ when: isStatic, note: "static networks" }],
		"networks[].dns_search": [{ when: isStatic, note: "static networks" }],
		services: [{}],
	},
	reactions,
};

function areNics({ link, otherLink }: Fault): boolean {
	return link?.kind === "nic" && otherLink?.kind === "nic";
}

/** It takes the type of a VLAN's parent from its name without the digits (`interface_type_detect`). */
function hasVlanUnderOtherName(fault: Fault): boolean {
	return hasVlan(fault) && !/^(eth|br|bond)\d*$/.test(String(fault.value));
}

function isOnNic({ network }: Fault): boolean {
	return network?.link?.kind === "nic";
}

/** Numbers for Python. */
function isTrueOrFalse({ value }: Fault): boolean {
	return typeof value === "boolean";
}

function isNotLacp({ link }: Fault): boolean {
	return link !== undefined && modeOf(link) !== "802.3ad";
}
