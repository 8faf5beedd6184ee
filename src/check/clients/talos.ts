/** Talos Linux. */
import { canonicalAddress } from "../../instance/addresses.ts";
import { parseMask } from "../addressing.ts";
import type { LinkView, NetworkView } from "../document-view.ts";
import { member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, ignored, lost, type Part, type Reaction, wrong } from "./client.ts";
import {
	all,
	any,
	hasNetwork,
	hasOwnPrefix,
	hasVlan,
	isAt,
	isDeclaredOnLink,
	isDnsService,
	isIn,
	isIpv6,
	isListedBeforeParent,
	isNoGateway,
	isNonEmptyText,
	isNull,
	isNumber,
	isStatic,
	isText,
	not,
	routeHasOwnPrefix,
} from "./conditions.ts";
import { NOVA_NETWORK_TYPES, supportFor } from "./network-types.ts";

/** The types of NICs' links that Talos accepts; it ignores a link of any other type (platform/openstack, `ParseMetadata`). */
export const TALOS_NIC_TYPES = ["phy", "vif", "ovs", "bridge", "tap", "vhostuser", "hw_veb"] as const;

const badMode = '"invalid bond_mode": no networking from the document';
const badRoute = crash('"failed to parse route": no networking from the document');
const badGateway = crash('"failed to parse route gateway": no networking from the document');
const ipv4Bits = "takes the number of its bits for an IPv6 prefix length";
const noNeighbour = "assumes /32, for IPv6 /128: neither neighbours nor gateways can be reached";

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [wrong("treats it as an empty document: DHCPv4 on every NIC")],
	"document-yaml": [wrong("cannot parse it, and treats it as an empty document: DHCPv4 on every NIC")],
	"document-empty": [ignored("runs its default DHCPv4 on every NIC")],
	"list-type": [fine({ when: any(isIn("services"), isNull) }), lost("treats it as an empty list")],
	"item-type": [ignored("leaves the entry out")],
	"link-id-missing": [lost("no network can name the link")],
	"link-id-repeated": [lost("the last of them gets every network, the others none")],
	"link-type-missing": [lost("ignores the link and all its networks")],
	"link-type-unknown": [
		lost("ignores the link below a bond or a VLAN: it has no parent", { when: hasNothingElseBelow }),
		wrong("ignores the link: the bond has one member less", { when: isBondMember }),
		// If DHCPv4 is all that the link has, Talos's default does the same.
		lost("ignores the link and its addresses; its default DHCPv4 runs on the NIC", { when: needsMoreThanDhcp }),
	],
	"nic-mac-missing": [wrong("guesses the NIC: eth and the link's place in the list")],
	"nic-mac-invalid": [wrong("guesses the NIC: eth and the link's place in the list")],
	"nic-mac-infiniband": [],
	"nic-mac-unusable": [wrong("guesses the NIC: eth and the link's place in the list")],
	"nic-not-in-guest": [wrong("guesses the NIC: eth and the link's place in the list")],
	"mtu-text": [wrong("leaves it out: the NIC keeps its default")],
	"mtu-invalid": [wrong("leaves it out, or fails to set it")],
	"mtu-tiny": [fine({ when: ({ value }) => value === 0 || typeof value === "string" }), wrong("fails to set it")],
	"mtu-below-ipv6": [lost("the kernel turns IPv6 off on the link", { when: isNumber })],
	"mtu-above-parent": [wrong("the kernel refuses it: the VLAN keeps its parent's MTU", { when: areNumbers })],
	"number-fraction": [
		wrong("Go does not parse it as an integer: the link keeps its default", { when: isAt("mtu") }),
		lost("Go does not parse it as an integer: creates VLAN 0", { when: isAt("vlan_id") }),
	],
	"bond-links-missing": [lost("creates a bond without members")],
	"bond-empty": [lost("the bond never gets a carrier")],
	"bond-link-unknown": [wrong("creates the bond without this member")],
	"bond-link-type": [wrong("creates the bond without this member")],
	"bond-link-shared": [lost("the last bond gets it, the others go without")],
	"bond-member-network": [lost("the address is on a NIC that the bond has taken")],
	"bond-mode-number": [wrong("treats it as balance-rr")],
	"bond-mode-number-text": [crash(badMode)],
	"bond-mode-unknown": [fine({ when: not(isText) }), crash(badMode)],
	"bond-miimon-number": [wrong("leaves it out: the bond does not notice a dead link")],
	"bond-miimon-invalid": [lost("stops reading there: everything after it in the document is lost", { when: isText })],
	"bond-monitoring-missing": [wrong("sends the kernel 0, in every mode: the bond does not notice a dead link")],
	"bond-hash-policy-unknown": [
		crash('"invalid bond_xmit_hash_policy": no networking from the document', { when: isNonEmptyText }),
		wrong("leaves it out: the policy is layer2", { when: all(not(isText), ({ value }) => value !== 0) }),
	],
	"bond-mac-invalid": [
		// The field stays empty after a value of another type.
		fine({ when: any(not(isText), isGoMac) }),
		crash('"invalid bond MAC address": no networking from the document'),
	],
	"bond-mac-foreign": [
		lost("does not set it: the bond has its first member's address, and port security drops its frames", {
			until: "1.13",
		}),
	],
	"vlan-link-unknown": [lost("treats the text as a device name and waits for that device")],
	"vlan-over-vlan": [
		lost("treats the text as a device name, unless the parent is listed first", { when: isListedBeforeParent }),
	],
	"vlan-id-missing": [lost("creates VLAN 0")],
	"vlan-id-invalid": [lost("creates VLAN 0, or one that the kernel refuses")],
	"vlan-id-text": [lost("drops it and creates VLAN 0")],
	"vlan-id-repeated": [lost("one VLAN for both: the settings of one are dropped")],
	"vlan-mac-own": [wrong("parses it but does not set it: port security drops the VLAN's frames")],
	"vlan-unsupported": [lost("ignores VLANs and their networks", { until: "1.12.2" })],
	"network-id-missing": [lost("skips the network")],
	"network-link-missing": [lost("skips the network")],
	"network-link-unknown": [lost("skips the network")],
	"network-type-missing": [lost("skips the network")],
	"network-type-unknown": [lost("skips the network")],
	"address-missing": [lost("configures no address")],
	"address-invalid": [
		fine({ when: isZoned }),
		crash('"failed to parse ip address": no networking from the document', { when: isText }),
		// It goes on after a value of another type, whose field stays empty.
		lost("drops it and configures no address", { when: isStatic }),
	],
	"netmask-missing": [wrong(noNeighbour)],
	"netmask-invalid": [
		fine({ when: hasOwnPrefix }),
		wrong(ipv4Bits, { when: isIpv4MaskOfIpv6 }),
		crash("no networking from the document, or an address without a subnet"),
	],
	"netmask-number": [wrong(`drops it and ${noNeighbour}`, { when: all(isStatic, not(hasOwnPrefix)) })],
	"address-on-automatic": [ignored("also sets it as a static address, beside DHCP or SLAAC")],
	"routes-type": [fine({ when: isNull }), lost("configures no routes")],
	"route-type": [badRoute],
	"route-network-invalid": [badRoute],
	"route-netmask-missing": [wrong("assumes /32, for IPv6 /128, even for a default route")],
	"route-netmask-invalid": [
		fine({
			when: any(
				routeHasOwnPrefix,
				all(isIpv4MaskOfIpv6, ({ value }) => value === "0.0.0.0"),
			),
		}),
		wrong(ipv4Bits, { when: isIpv4MaskOfIpv6 }),
		badRoute,
	],
	"route-gateway-missing": [badGateway],
	"route-gateway-invalid": [fine({ when: isZoned }), badGateway],
	"gateway-family": [lost("the kernel refuses the route: the gateway is not of the address's family")],
	"route-gateway-family": [lost("the kernel refuses the route: the gateway is of the other family")],
	"gateway-invalid": [
		fine({ when: isZoned }),
		crash('"failed to parse gateway ip": no networking from the document', { when: isText }),
		lost("drops it: no default route"),
	],
	"gateway-off-link": [
		fine({ when: any(isNoGateway, isDeclaredOnLink) }),
		lost("the kernel refuses the route: the gateway is not a neighbour"),
	],
	"default-route-beside-dhcp": [ignored("both routes have the same metric", { when: not(isIpv6) })],
	"service-type-missing": [wrong("leaves it out")],
	"service-address-invalid": [
		fine({ when: isZoned }),
		crash('"failed to parse dns service ip": no networking from the document', {
			when: all(isDnsService, not(hasNetwork)),
		}),
	],
	"dhcp-on-two-links": [
		wrong("both default routes have the same metric: which one is used may change from boot to boot"),
	],
};

const readsNetwork = (network: NetworkView | undefined) => NOVA_NETWORK_TYPES.some((type) => type === network?.type);

/** It reads the gateway only of a network with an address. */
function readsGateway({ network }: Part): boolean {
	const address = network && member(network.raw, "ip_address");
	return readsNetwork(network) && typeof address === "string" && address !== "";
}

export const talos: Client = {
	name: "talos",
	title: "Talos",
	source: "its source at the tags v1.6.0 to v1.14.0-beta.1, and of August 2026",
	versions: { oldest: "1.11", newest: "1.14", maintained: "1.12.11", note: "1.11 to 1.14; 1.12 is still maintained" },
	renderers: [],
	networkTypes: supportFor(...NOVA_NETWORK_TYPES),
	nicTypes: TALOS_NIC_TYPES,
	takesNetwork: ({ raw, link }) => {
		const id = member(raw, "id");
		return typeof id === "string" && id !== "" && link !== undefined && (link.kind !== "nic" || isTalosNic(link));
	},
	setsMonitoring: "always",
	reads: {
		"links[].mtu": [{ note: "as a number" }],
		"links[].bond_mode": [{}],
		"links[].bond_miimon": [{ note: "as text" }],
		"links[].bond_xmit_hash_policy": [{}],
		"networks[].gateway": [{ when: readsGateway, note: "networks with an address" }],
		"networks[].routes": [{ when: ({ network }) => readsNetwork(network) }],
		services: [{}],
	},
	reactions,
};

function isTalosNic(link: LinkView): boolean {
	return TALOS_NIC_TYPES.some((type) => type === member(link.raw, "type"));
}

/** The VLAN's MTU and its parent's: one as text is left out. */
function areNumbers({ value, otherLink }: Fault): boolean {
	return typeof value === "number" && otherLink !== undefined && typeof member(otherLink.raw, "mtu") === "number";
}

function needsMoreThanDhcp({ link }: Fault): boolean {
	return link?.networks.some(({ type }) => type !== "ipv4_dhcp") ?? false;
}

function membersOf(bond: LinkView): readonly unknown[] {
	const ids = member(bond.raw, "bond_links");
	return Array.isArray(ids) ? ids : [];
}

function bondsWith({ link, document }: Fault): LinkView[] {
	return document.links.filter((bond) => bond.kind === "bond" && membersOf(bond).includes(link?.id));
}

function isBondMember(fault: Fault): boolean {
	return bondsWith(fault).length > 0;
}

/** A VLAN is on the link, or a bond all of whose members have such a type. */
function hasNothingElseBelow(fault: Fault): boolean {
	const { document } = fault;
	const isIgnored = (id: unknown) => {
		const other = document.linkById(id);
		return other === undefined || !isTalosNic(other);
	};
	return hasVlan(fault) || bondsWith(fault).some((bond) => membersOf(bond).every(isIgnored));
}

/** Go's net.ParseMAC takes 6, 8 or 20 bytes with colons, dashes, or dots between pairs of bytes. */
function isGoMac({ value }: Fault): boolean {
	const text = typeof value === "string" ? value : "";
	const bytes = /^[\da-f]{2}(?:([:-])[\da-f]{2})(?:\1[\da-f]{2})+$|^[\da-f]{4}(?:\.[\da-f]{4})+$/i.test(text)
		? text.replaceAll(/[^\da-f]/gi, "").length / 2
		: 0;
	return [6, 8, 20].includes(bytes);
}

/** Go takes the ones of a mask of four bytes for the length of any prefix (`IPPrefixFrom` in platform/internal/address). */
function isIpv4MaskOfIpv6({ value, network, route }: Fault): boolean {
	const version = (route ?? network)?.address?.version;
	return version === 6 && typeof value === "string" && value.includes(".") && parseMask(value, 4) !== undefined;
}

/** An IPv6 address with a zone, fe80::1%eth0, which Go's netip.ParseAddr reads. */
function isZoned({ value }: Fault): boolean {
	const [, address = ""] = typeof value === "string" ? (/^([^%]*:[^%]*)%[^/]+(?:\/\d+)?$/.exec(value) ?? []) : [];
	return canonicalAddress(address) !== undefined;
}
