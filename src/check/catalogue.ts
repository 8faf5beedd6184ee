/** Every rule of the check. */
import type { Rule } from "./rule.ts";
import { addressRules } from "./rules/addresses.ts";
import { bondLinkRules } from "./rules/bond-links.ts";
import { bondMacRules } from "./rules/bond-macs.ts";
import { bondOptionRules } from "./rules/bond-options.ts";
import { bondRules } from "./rules/bonds.ts";
import { clientStopsRules } from "./rules/client-stops.ts";
import { defaultRouteRules } from "./rules/default-routes.ts";
import { dnsRules } from "./rules/dns.ts";
import { documentRules } from "./rules/document.ts";
import { fractionRules } from "./rules/fractions.ts";
import { gatewayRules } from "./rules/gateways.ts";
import { linkDnsRules } from "./rules/link-dns.ts";
import { linkNameRules } from "./rules/link-names.ts";
import { linkRules } from "./rules/links.ts";
import { memberTypeRules } from "./rules/member-types.ts";
import { mtuRules } from "./rules/mtu.ts";
import { nameServerUseRules } from "./rules/name-server-use.ts";
import { networkRules } from "./rules/networks.ts";
import { routeRules } from "./rules/routes.ts";
import { routingRules } from "./rules/routing.ts";
import { searchDomainRules } from "./rules/search-domains.ts";
import { serviceRules } from "./rules/services.ts";
import { subnetRules } from "./rules/subnets.ts";
import { valueTypeRules } from "./rules/value-types.ts";
import { vlanMacRules } from "./rules/vlan-macs.ts";
import { vlanRules } from "./rules/vlans.ts";

/** In the order of a document: as a whole, links, networks, addresses, routes, name servers. */
export const RULES: readonly Rule[] = [
	documentRules,
	valueTypeRules,
	fractionRules,
	linkRules,
	linkNameRules,
	mtuRules,
	bondLinkRules,
	bondRules,
	bondOptionRules,
	bondMacRules,
	vlanMacRules,
	vlanRules,
	networkRules,
	addressRules,
	subnetRules,
	routeRules,
	gatewayRules,
	defaultRouteRules,
	routingRules,
	serviceRules,
	dnsRules,
	nameServerUseRules,
	searchDomainRules,
	linkDnsRules,
	clientStopsRules,
	memberTypeRules,
].flat();
