/**
 * What `convert_net_json` of cloud-init makes of a faulty document (cloudinit/sources/helpers/openstack.py), with the
 * state that is built from its result (cloudinit/net/network_state.py). VyOS has a fork of the former.
 */
import { parseAddress } from "../addressing.ts";
import { isBlank, member } from "../json.ts";
import type { Fault } from "../rule.ts";
import { crash, fine, lost, type Reaction, wrong } from "./client.ts";
import {
	all,
	any,
	hasLink,
	hasLinks,
	hasMember,
	isEmptyIterable,
	isIn,
	isMissing,
	isStatic,
	isText,
	isUnhashable,
	not,
} from "./conditions.ts";

/** A look-up in a Python dictionary that fails. */
const keyError = "KeyError: no NIC is configured";
/** A value that the conversion cannot read. */
export const valueError = "ValueError: no NIC is configured";
export const emptyApplied =
	"an empty configuration is still applied: no NIC comes up, and its own DHCP fallback is off";
const typeError = "TypeError: no NIC is configured";

/** The conversion goes through the networks once for each link: without links it never reads them. */
const isNetworkUnread = all(isIn("networks"), not(hasLinks));

/** The id of one link in text is taken letter by letter for a list of NIC names. */
const isLinkId = ({ value, document }: Fault) => typeof value === "string" && document.linkById(value) !== undefined;

/** Named NICs need no MAC address: they are matched by their name. */
const hasName = hasMember("link", "name");

export const conversionReactions = {
	"document-type": [crash("the document cannot be converted: no NIC is configured")],
	"document-yaml": [
		crash("reads JSON only, and takes the whole data source for broken: no network, host name or keys"),
	],
	"list-type": [fine({ when: any(isNetworkUnread, isEmptyIterable) }), crash(typeError)],
	"item-type": [fine({ when: isNetworkUnread }), crash("the entry cannot be converted: no NIC is configured")],
	"link-id-missing": [crash(keyError, { when: any(isMissing, isUnhashable) })],
	"link-id-repeated": [wrong("gives each of them the addresses of both")],
	"link-type-missing": [crash(keyError, { when: any(isMissing, isUnhashable) })],
	"nic-mac-missing": [crash('ValueError "No mac_address or name entry": no NIC is configured', { when: not(hasName) })],
	"nic-mac-invalid": [
		fine({ when: all(isText, hasName) }),
		crash('ValueError "Unable to find a system nic": no NIC is configured'),
	],
	"nic-mac-repeated": [lost("the last link's addresses replace the others'")],
	"nic-mac-unusable": [
		// The loopback interface has this address.
		lost("mistakes the loopback interface for the NIC, which is not configured", {
			when: all(not(hasName), isZeroMac),
		}),
		crash('ValueError "Unable to find a system nic": no NIC is configured', { when: not(hasName) }),
		lost("no NIC has that address: the NIC is not configured"),
	],
	"nic-not-in-guest": [
		crash('ValueError "Unable to find a system nic": no NIC is configured, not even those that are there', {
			when: not(hasName),
		}),
	],
	"bond-links-missing": [fine({ when: isLinkId }), crash(keyError)],
	"bond-empty": [lost("the bond never gets a carrier")],
	"bond-link-unknown": [crash(keyError)],
	"bond-link-shared": [lost("the last bond gets it, the others go without")],
	"bond-member-network": [lost("the address is on a NIC that the bond has taken")],
	"vlan-mac-missing": [crash(keyError)],
	"vlan-link-unknown": [crash(keyError)],
	"vlan-id-missing": [crash(keyError)],
	"network-link-missing": [crash(keyError, { when: hasLinks })],
	"network-link-unknown": [lost("leaves the network out without a message")],
	"network-type-missing": [crash("no NIC is configured", { when: hasLink })],
	"address-missing": [crash(valueError)],
	"address-invalid": [crash(valueError, { when: isStatic })],
	"netmask-invalid": [crash(valueError, { when: ({ network }) => network?.address?.ownPrefix === undefined })],
	"netmask-missing": [wrong("assumes /24, for IPv6 /64")],
	"routes-type": [fine({ when: isEmptyIterable }), crash(typeError)],
	"route-type": [crash("the route cannot be converted: no NIC is configured")],
	"route-netmask-missing": [wrong("assumes /24, for IPv6 /64, even for a default route")],
	"route-netmask-invalid": [crash(valueError, { when: ({ route }) => route?.address?.ownPrefix === undefined })],
	"route-metric-invalid": [crash("TypeError: no NIC is configured", { when: isNoNumber })],
	"service-not-dns": [wrong("treats every service as a name server")],
	"dns-search-type": [crash("AttributeError: no NIC is configured")],
} as const satisfies Record<string, readonly Reaction[]>;

/** Python's int() converts numbers and booleans, and blank values count as missing. */
function isNoNumber({ value }: Fault): boolean {
	return !isBlank(value) && typeof value !== "number" && typeof value !== "boolean";
}

function isZeroMac({ value }: Fault): boolean {
	return value === "00:00:00:00:00:00";
}

/** cloud-init reads a route's `destination` before its `network`. */
export function destinationOf({ route }: Fault): unknown {
	const destination = route && member(route.raw, "destination");
	const isPruned = destination === undefined || destination === null || destination === "";
	return isPruned ? route && member(route.raw, "network") : destination;
}

/** Whether cloud-init can read the route's destination after all. */
export function hasReadableDestination(fault: Fault): boolean {
	return parseAddress(destinationOf(fault)) !== undefined;
}
