/** What cloud-init makes of faults in services and name servers. */

import { addressVersion } from "../../instance/addresses.ts";
import { listed, type NetworkView } from "../document-view.ts";
import { isBlank, member } from "../json.ts";
import { isDns, nameServersOfNetwork, ownNameServersOf } from "../name-servers.ts";
import type { Fault } from "../rule.ts";
import { fitsResolvConf, ownSearchDomains } from "../rules/search-domains.ts";
import { crash, fine, ignored, lost, type Reaction, wrong } from "./client.ts";
import { degraded, degradedStatus, NETPLAN, netplanRefuses, SCHEMA } from "./cloud-init-effects.ts";
import {
	all,
	any,
	hasSearch,
	hasServersIn,
	isAddressList,
	isEmptyIterable,
	isList,
	isMissing,
	isStatic,
	isText,
	isTextList,
	linkHasServersIn,
	not,
} from "./conditions.ts";
import { conversionReactions } from "./conversion.ts";

const ENI_OF_25 = { renderers: ["eni"], until: "25.2" } as const;
/** It then writes only addresses for ifupdown: numbers are some for Python, which then cannot join them. */
const ENI_OF_26 = { renderers: ["eni"], since: "25.2" } as const;
/** It then reads the servers of networks with an address only. */
const SYSCONFIG_OF_24 = { renderers: ["sysconfig"], until: "24.2" } as const;
const typeError = "TypeError: no NIC is configured";
const overridden = "reads the network's services instead: the link does not have this name server";
const ON_NETWORKS = ["networks[].dns_nameservers", "networks[].services", "routes[].services"] as const;
const searchAlone = "the link has search domains, and therefore does not get the document's servers";
const leftOut = "leaves it out: the guest does not have this name server";
const intoResolvConf = "writes it into resolv.conf as it is, or as None";
const tooLong = 'ValueError "would go beyond the 6 maximum search domains" or "256": no NIC is configured';
const noServer = "passes it on: the guest does not have this name server";

/** Every renderer but netplan, which refuses a whole file with an invalid address. */
const OTHERS = ["networkd", "network-manager", "sysconfig", "eni", "bsd"];

export const cloudInitDnsReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"service-not-dns": conversionReactions["service-not-dns"],
	"service-address-missing": [
		crash(typeError, { renderers: ["networkd"], when: not(any(isMissing, isList, isText)) }),
		crash(typeError, { ...ENI_OF_25, when: not(any(isMissing, isList, isText)) }),
		crash(typeError, { ...ENI_OF_26, when: isNumericAddress }),
		lost(netplanRefuses, { ...NETPLAN, until: "23.2", when: all(isUsedBefore23_2, not(isMissing), not(isList)) }),
		lost(netplanRefuses, { ...NETPLAN, since: "23.2", when: all(isUsed, not(isMissing), not(isList)) }),
		wrong(intoResolvConf, { renderers: ["sysconfig"], when: not(isMissing) }),
	],
	"service-address-invalid": [
		lost(netplanRefuses, { ...NETPLAN, since: "23.2", when: all(onNetwork, isStatic) }),
		wrong(noServer, { renderers: ["networkd"], since: "23.2", when: all(onNetwork, isStatic, isText) }),
		wrong(noServer, {
			renderers: ["network-manager", "sysconfig", "eni", "bsd"],
			since: "23.2",
			when: all(onNetwork, isText),
		}),
		fine({ when: any(onNetwork, isAddressList) }),
		crash(typeError, { renderers: ["networkd"], when: not(any(isText, isTextList)) }),
		crash(typeError, { ...ENI_OF_25, when: not(any(isText, isTextList)) }),
		crash(typeError, { ...ENI_OF_26, when: isNumericAddress }),
		lost(netplanRefuses, { ...NETPLAN, until: "23.2", when: isUsedBefore23_2 }),
		lost(netplanRefuses, { ...NETPLAN, since: "23.2", when: isUsed }),
		wrong(noServer, { renderers: OTHERS, when: any(isText, isTextList) }),
	],
	"network-service-address-invalid": [
		fine({ ...SYSCONFIG_OF_24, when: not(isStatic) }),
		crash(typeError, { renderers: ["network-manager"], since: "23.2", when: all(not(isText), isAppended) }),
		crash(typeError, { ...ENI_OF_25, since: "23.2", when: not(isText) }),
		crash(typeError, { ...ENI_OF_26, when: isNumericAddress }),
		crash(typeError, { renderers: ["networkd"], since: "23.2", when: all(isStatic, not(isText)) }),
		lost(netplanRefuses, { ...NETPLAN, since: "23.2", when: isStatic }),
		wrong(noServer, { renderers: ["networkd"], since: "23.2", when: all(isStatic, isText) }),
		wrong(leftOut, { ...ENI_OF_26, when: isText }),
		wrong(noServer, { renderers: ["network-manager", "sysconfig", "eni", "bsd"], since: "23.2", when: isText }),
		wrong(`${intoResolvConf}; ${degradedStatus}`, { ...SCHEMA, renderers: ["sysconfig"] }),
		wrong(intoResolvConf, { renderers: ["sysconfig"], since: "23.2" }),
		ignored(degraded, { ...SCHEMA, when: not(isText) }),
	],
	"dns-nameserver-invalid": [
		fine({ since: "23.2", when: hasServersIn("networks[].services") }),
		crash(typeError, { renderers: ["networkd"], when: hasNonText }),
		crash(typeError, { ...ENI_OF_25, when: hasNonText }),
		crash(typeError, { ...ENI_OF_26, when: (fault) => itemsOf(fault).some((value) => isNumericAddress({ value })) }),
		crash(typeError, { renderers: ["network-manager"], until: "24.1", when: hasNonText }),
		crash(typeError, { renderers: ["network-manager"], when: hasNonAddress }),
		lost(netplanRefuses, { ...NETPLAN, when: isStatic }),
		wrong(leftOut, ENI_OF_26),
		wrong(noServer, { renderers: OTHERS }),
	],
	"dns-search-item-invalid": [
		crash(typeError, { renderers: ["networkd", "network-manager", "sysconfig", "eni"] }),
		lost(netplanRefuses, { ...NETPLAN, when: all(isStatic, hasContainer) }),
	],
	"network-services-type": [crash("TypeError: no NIC is configured", { since: "23.2", when: not(isEmptyIterable) })],
	"network-service-type": [crash("stops: no NIC is configured", { since: "23.2" })],
	"dns-search-type": [
		fine({ since: "23.2", when: all(isNameserverList, hasServersIn("networks[].services")) }),
		...conversionReactions["dns-search-type"],
	],
	// `add_search_domain` in distros/parsers/resolv_conf.py. Before 24.2 (1b8030e0c) it got only the search of services.
	"dns-search-long": [
		crash(tooLong, {
			renderers: ["sysconfig"],
			until: "24.2",
			when: ({ document }) => !fitsResolvConf(ownSearchDomains(document)),
		}),
		crash(tooLong, {
			renderers: ["sysconfig"],
			since: "24.2",
		}),
	],
	"dns-not-on-link": [
		wrong("the link has no name server", {
			renderers: ["network-manager"],
			until: "23.2",
			when: not(linkHasServersIn("networks[].dns_nameservers")),
		}),
		wrong("the link has no name server", {
			renderers: ["network-manager"],
			until: "24.1",
			since: "23.2",
			when: not(linkHasServersIn("networks[].dns_nameservers", "networks[].services")),
		}),
		wrong(searchAlone, {
			...NETPLAN,
			until: "23.2",
			when: all(hasSearch, not(linkHasServersIn("networks[].dns_nameservers"))),
		}),
		wrong(searchAlone, {
			...NETPLAN,
			until: "24.3",
			since: "23.2",
			when: all(hasSearch, not(linkHasServersIn("networks[].dns_nameservers", "networks[].services"))),
		}),
		wrong(searchAlone, {
			...NETPLAN,
			since: "24.3",
			when: all(hasSearch, not(linkHasServersIn(...ON_NETWORKS))),
		}),
	],
	"dns-family-unread": [
		lost("writes an empty dns-nameservers: ifupdown leaves out the rest of the file", {
			renderers: ["eni"],
			since: "25.2",
			until: "26.1",
			when: any(isMissing, isOnlyOfOtherFamily),
		}),
		wrong("leaves it out: it writes servers only for their own family", {
			renderers: ["eni"],
			since: "25.2",
			when: not(isMissing),
		}),
	],
	"dns-nameservers-overridden": [
		wrong(overridden, { renderers: ["netplan", "network-manager"], since: "23.2" }),
		wrong(overridden, { renderers: ["networkd", "sysconfig", "eni", "bsd"], since: "23.2", when: isNotInServices }),
	],
	"dns-on-dhcp-link": [
		ignored("does not pass them on to netplan", NETPLAN),
		ignored("does not pass them on to NetworkManager", {
			renderers: ["network-manager"],
			until: "23.2",
			when: lacksServersOf("networks[].dns_nameservers"),
		}),
		ignored("does not pass them on to NetworkManager", {
			renderers: ["network-manager"],
			since: "23.2",
			until: "24.1",
			when: lacksServersOf("networks[].dns_nameservers", "networks[].services"),
		}),
		ignored("passes on only the link's own", {
			renderers: ["network-manager"],
			since: "24.1",
			when: all(linkHasServersIn(...ON_NETWORKS), lacksServersOf(...ON_NETWORKS)),
		}),
	],
	"dns-in-services-alone": [
		wrong("no link gets it: each has servers of its own", { ...NETPLAN, until: "23.2", when: not(isUsedBefore23_2) }),
		wrong("no link gets it: each has servers of its own", { ...NETPLAN, since: "23.2" }),
		wrong("no link gets it: each has servers of its own", { renderers: ["network-manager"] }),
	],
	"dhcp-dns-unread": [
		ignored("does not pass it on to netplan", { ...NETPLAN, since: "23.2" }),
		ignored("passes on only the document's own servers", { renderers: ["networkd"], when: isNotInServices }),
		ignored("passes on only the document's own servers", { ...SYSCONFIG_OF_24, when: isNotInServices }),
	],
	"dns-on-every-link": [
		wrong("gives the link all of the document's servers", { renderers: ["netplan", "networkd"] }),
		wrong("gives the link all of the document's servers", { renderers: ["network-manager"], since: "24.1" }),
	],
	// NetworkManager since 1.14 at the latest: `update_add_ip_config` in nm-dns-systemd-resolved.c.
	"dns-without-default-route": [
		// Until then, a link without servers of its own has none, also if it has the route.
		fine({ until: "24.1", when: ({ otherLink }) => otherLink?.networks.flatMap(nameServersOfNetwork).length === 0 }),
		wrong("where systemd-resolved runs, NetworkManager does not pass it on: the guest does not have this name server", {
			renderers: ["network-manager"],
		}),
	],
	"dns-of-every-link": [wrong("gives every link the servers of all links", { renderers: ["networkd"] })],
};

/** It is one of the document's servers, which are written for IPv4 and of which none is. */
function isOnlyOfOtherFamily({ document, network }: Fault): boolean {
	return network === undefined && ownNameServersOf(document).every(({ address }) => addressVersion(address) === 6);
}

function ownServers({ link }: Fault, sources: readonly string[]): ReadonlySet<string> {
	const servers = link?.networks.flatMap(nameServersOfNetwork) ?? [];
	return new Set(servers.flatMap(({ address, source }) => (sources.includes(source) ? address : [])));
}

/** Some of the document's servers are in none of these members of the link's networks. */
function lacksServersOf(...sources: readonly string[]): (fault: Fault) => boolean {
	return (fault) => {
		const own = ownServers(fault, sources);
		return ownNameServersOf(fault.document).some(({ address }) => !own.has(address));
	};
}

/** The server is on the network only: networkd gets the document's own list, on links with DHCP too. */
function isNotInServices({ document, value }: Fault): boolean {
	return !ownNameServersOf(document).some(({ address }) => address === value);
}

function onNetwork({ network }: Fault): boolean {
	return network !== undefined;
}

/** netplan gets the document's name servers on links with a static address and no name servers or search domains. */
function isUsedIf(hasOwn: (network: NetworkView) => boolean, { document }: Fault): boolean {
	return document.links.some(({ networks }) => {
		const fixed = networks.filter(({ isStatic: isFixed }) => isFixed);
		return fixed.length > 0 && !fixed.some(hasOwn);
	});
}

function isUsedBefore23_2(fault: Fault): boolean {
	return isUsedIf(hasList, fault);
}

function isUsed(fault: Fault): boolean {
	return isUsedIf((network) => hasList(network) || listed(network, "services").some(isDns), fault);
}

function hasList({ raw }: NetworkView): boolean {
	return !isBlank(member(raw, "dns_nameservers")) || !isBlank(member(raw, "dns_search"));
}

function isNameserverList({ pointer }: Fault): boolean {
	return pointer.endsWith("/dns_nameservers");
}

function itemsOf({ value }: Fault): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

function hasNonText(fault: Fault): boolean {
	return itemsOf(fault).some((item) => typeof item !== "string");
}

/**
 * Whether a NetworkManager profile has a list for the value: one for each family of its addresses. For Python's ipaddress,
 * numbers are IPv6 addresses.
 */
function isAppended({ value, network }: Fault): boolean {
	const version = isNumericAddress({ value }) ? 6 : 4;
	return network?.link?.networks.some((each) => each.version === version) === true;
}

/** Python's ipaddress takes a whole number, also true and false, for an address. */
function isNumericAddress({ value }: { readonly value?: unknown }): boolean {
	return typeof value === "boolean" || (Number.isInteger(value) && Number(value) >= 0);
}

function hasNonAddress(fault: Fault): boolean {
	return itemsOf(fault).some((value) => typeof value !== "string" && !isNumericAddress({ value }));
}

function hasContainer(fault: Fault): boolean {
	return itemsOf(fault).some((item) => typeof item === "object" && item !== null);
}
