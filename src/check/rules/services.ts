/** The form of services, in the document's own list and in networks'. */
import { type Cell, configures, reads } from "../clients/cell.ts";
import { bounded, type Entry, LONGEST, memberPointer } from "../document-view.ts";
import { isBlank, isObject, member, show } from "../json.ts";
import { isDns, networkServices, serverOf, serviceHolders } from "../name-servers.ts";
import type { Fault, FoundFault, Rule } from "../rule.ts";
import { onMember } from "./concerns.ts";

export const serviceRules: readonly Rule[] = [
	{
		id: "service-not-dns",
		title: "A service other than DNS (`ntp`) in the document's own `services`",
		fix: "remove it: network_data.json has no services but name servers",
		*find({ services }) {
			for (const service of services) {
				const type = member(service.raw, "type");
				if (typeof type !== "string" || type === "dns") continue;
				yield { pointer: `${service.pointer}/type`, message: `the service is ${show(type)}`, value: type, service };
			}
		},
	},
	{
		id: "service-type-missing",
		title: "A service without a type",
		fix: 'write "dns"',
		*find({ services }) {
			for (const service of services) {
				const value = member(service.raw, "type");
				if (typeof value === "string") continue;
				yield { pointer: memberPointer(service, "type"), message: "the service has no text type", value, service };
			}
		},
	},
	{
		id: "service-address-missing",
		title: "A name server without an address",
		fix: "write the address, or remove the entry",
		*find({ services }) {
			for (const service of services) {
				const value = member(service.raw, "address");
				if (!isBlank(value)) continue;
				const pointer = memberPointer(service, "address");
				yield { pointer, message: "the name server has no address", value, service };
			}
		},
	},
	{
		id: "service-address-invalid",
		title: "A name server with an invalid address",
		fix: "write an address without a prefix, or remove the entry; names cannot be resolved yet",
		concerns: (cell, { route }) => route === undefined || reads(cell, "routes[].services", { route }),
		*find(document) {
			for (const service of document.services) yield* invalidAddress(service, {});
			for (const { service, ...parts } of networkServices(document)) {
				if (parts.network.link && isDns(service)) yield* invalidAddress(service, parts);
			}
		},
	},
	{
		id: "network-services-type",
		title: "A network's or a route's `services` is null or not a list",
		fix: "write a list, even if it is empty",
		concerns: parsesServices,
		*find(document) {
			for (const { holder, ...parts } of serviceHolders(document)) {
				const value = member(holder.raw, "services");
				if (value === undefined || Array.isArray(value)) continue;
				const message = `services is ${show(value)}, not a list`;
				yield { pointer: `${holder.pointer}/services`, message, value, ...parts };
			}
		},
	},
	{
		id: "network-service-type",
		title: "An entry of a network's or a route's `services` that is not an object, or a name server without an address",
		fix: "remove the entry",
		concerns: parsesServices,
		*find(document) {
			for (const { holder, ...parts } of serviceHolders(document)) {
				for (const [index, value] of bounded(member(holder.raw, "services"), LONGEST.services).entries()) {
					const pointer = `${holder.pointer}/services/${index}`;
					if (!isObject(value)) {
						yield { pointer, message: `the service is ${show(value)}, not an object`, value, ...parts };
					} else if (isDns({ pointer, raw: value }) && member(value, "address") === undefined) {
						yield { pointer, message: "the name server has no address", value, ...parts };
					}
				}
			}
		},
	},
	{
		id: "network-service-address-invalid",
		title: "A name server on a network or a route whose address is empty or not text",
		fix: "write the address as text, or remove the entry",
		concerns: parsesServices,
		*find(document) {
			for (const { service, ...parts } of networkServices(document)) {
				const value = member(service.raw, "address");
				if (!isDns(service) || value === undefined || (typeof value === "string" && value !== "")) continue;
				yield {
					pointer: `${service.pointer}/address`,
					message: `the address is ${show(value)}`,
					value,
					service,
					...parts,
				};
			}
		},
	},
	{
		id: "dns-nameserver-invalid",
		title: "An invalid address in `dns_nameservers`",
		fix: "write a list of addresses",
		concerns: onMember("networks[].dns_nameservers"),
		*find({ networks }) {
			for (const network of networks) {
				const list = member(network.raw, "dns_nameservers");
				const value = typeof list === "string" ? list.split(/\s+/).filter(Boolean) : list;
				if (!Array.isArray(value) || value.every((item) => serverOf({ pointer: "", raw: { address: item } }))) continue;
				const pointer = `${network.pointer}/dns_nameservers`;
				yield { pointer, message: "the list has an item that is not an address", value, network };
			}
		},
	},
	{
		id: "dns-search-item-invalid",
		title: "An item of `dns_search` that is not text",
		fix: "write a list of domain names",
		concerns: onMember("networks[].dns_search"),
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "dns_search");
				if (!Array.isArray(value) || value.every((item) => typeof item === "string")) continue;
				const pointer = `${network.pointer}/dns_search`;
				yield { pointer, message: "the list has an item that is not text", value, network };
			}
		},
	},
	{
		id: "dns-search-type",
		title: "`dns_nameservers` or `dns_search` is neither a list nor text",
		fix: "write a list of text",
		*find({ networks }) {
			for (const network of networks) {
				for (const name of ["dns_search", "dns_nameservers"]) {
					const value = member(network.raw, name);
					if (!network.link || isBlank(value) || Array.isArray(value) || typeof value === "string") continue;
					const pointer = `${network.pointer}/${name}`;
					yield { pointer, message: `${name} is ${show(value)}`, value, network };
				}
			}
		},
	},
];

function* invalidAddress(service: Entry, parts: Pick<FoundFault, "network" | "route">): Iterable<FoundFault> {
	const value = member(service.raw, "address");
	if (isBlank(value) || serverOf(service) !== undefined) return;
	const message = `${show(value)} is not a valid address`;
	yield { pointer: `${service.pointer}/address`, message, value, service, ...parts };
}

/** The client parses the services of the network or the route, whether or not it uses them. */
function parsesServices(cell: Cell, { network, route }: Fault): boolean {
	if (network === undefined) return false;
	if (route) return network.link !== undefined && reads(cell, "routes[].services", { route });
	return cell.client.parsesServices?.(network) ?? configures(cell, network);
}
