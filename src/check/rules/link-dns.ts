/** Name servers of links without a default route, which a resolver that chooses among links does not ask. */
import { addressVersion } from "../../instance/addresses.ts";
import type { IpVersion } from "../../instance/instance.ts";
import { defaultRoutesOf } from "../default-routes.ts";
import { type DocumentView, isDynamic, type LinkView } from "../document-view.ts";
import { isBlank, member } from "../json.ts";
import { type NameServer, nameServersOfNetwork, ownNameServersOf, readsServer } from "../name-servers.ts";
import type { Rule } from "../rule.ts";

export const linkDnsRules: readonly Rule[] = [
	{
		id: "dns-without-default-route",
		title:
			"A name server of a link without a default route or search domains, beside a link that has servers and a route",
		fix: "give the network a search domain (dns_domain in Neutron), for the names of which the server is then asked",
		concerns: (cell, { link, value }) =>
			link?.networks
				.flatMap(nameServersOfNetwork)
				.some((server) => server.address === value && readsServer(cell, server)) === true,
		*find(document) {
			const servers = document.links.flatMap((link) => serversOfLink(link, document));
			const asked = servers.filter(({ link, address }) => mayHaveDefaultRoute(link, addressVersion(address)));
			const other = asked.find(({ network }) => network) ?? asked[0];
			const seen = new Set(asked.map(({ address }) => address));
			for (const { pointer, address, network, link } of other ? servers : []) {
				if (!network || seen.has(address) || hasSearchDomains(link)) continue;
				seen.add(address);
				const message = `the link of the name server ${address} has no default route, and another link has one`;
				yield { pointer, message, value: address, link, ...(other && { otherLink: other.link }) };
			}
		},
	},
];

/** Its own servers, or else the document's. Those of a family in which the link has no address are not for the link. */
function serversOfLink(link: LinkView, document: DocumentView): (NameServer & { readonly link: LinkView })[] {
	const own = link.networks.flatMap(nameServersOfNetwork);
	const servers = own.length > 0 ? own : ownNameServersOf(document);
	return servers
		.filter(({ address }) => link.networks.some(({ version }) => version === addressVersion(address)))
		.map((server) => ({ ...server, link }));
}

/** DHCP servers and routers may hand one out. */
function mayHaveDefaultRoute({ networks }: LinkView, version: IpVersion): boolean {
	return networks.some((network) => {
		if (isDynamic(network)) return network.version === version;
		return defaultRoutesOf(network).some((route) => route.version === version);
	});
}

function hasSearchDomains({ networks }: LinkView): boolean {
	return networks.some(({ raw }) => !isBlank(member(raw, "dns_search")));
}
