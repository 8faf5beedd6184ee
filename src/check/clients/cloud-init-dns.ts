/** What cloud-init makes of faults in services and name servers. */

import type { Fault } from "../rule.ts";
import { crash, ignored, lost, type Reaction, wrong } from "./client.ts";
import { NETPLAN, netplanRefuses } from "./cloud-init-links.ts";
import { all, hasSearch, hasServersIn, isBlankValue, isEmptyIterable, isList, isMissing, not } from "./conditions.ts";
import { conversionReactions } from "./conversion.ts";

/** netplan gets the document's name servers only on links with a static address. */
const hasStaticNetwork = ({ document }: Fault) => document.networks.some(({ isStatic, link }) => isStatic && link);

export const cloudInitDnsReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"service-not-dns": conversionReactions["service-not-dns"],
	"service-address-missing": [
		lost(netplanRefuses, { ...NETPLAN, when: all(hasStaticNetwork, isBlankValue, not(isMissing), not(isList)) }),
	],
	"service-address-invalid": [lost(netplanRefuses, { ...NETPLAN, when: hasStaticNetwork })],
	"network-services-type": [crash("TypeError: no NIC is configured", { since: "24.3", when: not(isEmptyIterable) })],
	"network-service-type": [crash("stops: no NIC is configured", { since: "24.3" })],
	"dns-search-type": conversionReactions["dns-search-type"],
	"dns-not-on-link": [
		wrong("the link has no name server", {
			renderers: ["network-manager"],
			until: "23.2",
			when: not(hasServersIn("networks[].dns_nameservers")),
		}),
		wrong("the link has no name server", {
			renderers: ["network-manager"],
			until: "24.1",
			since: "23.2",
			when: not(hasServersIn("networks[].dns_nameservers", "networks[].services")),
		}),
		wrong("the link has search domains, and therefore does not get the document's servers", {
			...NETPLAN,
			until: "23.2",
			when: all(hasSearch, not(hasServersIn("networks[].dns_nameservers"))),
		}),
	],
	"dhcp-dns-unread": [ignored("does not pass it on to netplan", { ...NETPLAN, since: "23.2" })],
	"dns-on-every-link": [
		wrong("gives the link all of the document's servers", { renderers: ["netplan", "networkd"] }),
		wrong("gives the link all of the document's servers", { renderers: ["network-manager"], since: "24.1" }),
	],
	"dns-of-every-link": [wrong("gives every link the servers of all links", { renderers: ["networkd"] })],
};
