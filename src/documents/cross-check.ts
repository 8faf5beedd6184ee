/** What no JSON schema can say of a `network_data.json`: ids are unique and every reference resolves. */
import type { NetworkDescription } from "./network-description.ts";

/** A reference or id that is wrong, with its place. */
export interface CrossFault {
	/** JSON pointer into the document. */
	readonly pointer: string;
	readonly message: string;
}

/** The faults in the order of the document; an empty list for a sound one. */
export function crossCheck(data: NetworkDescription): CrossFault[] {
	const links = new Set(data.links.map((link) => link.id));
	const resolve = (pointer: string, id: string): CrossFault[] =>
		links.has(id) ? [] : [{ pointer, message: `names the link "${id}", which is not among the links` }];
	return [
		...repeated(data.links, "/links"),
		...repeated(data.networks, "/networks"),
		...data.links.flatMap((link, index) => {
			const pointer = `/links/${index}`;
			if (link.type === "vlan") return resolve(`${pointer}/vlan_link`, link.vlan_link);
			if (link.type !== "bond") return [];
			return link.bond_links.flatMap((id, member) => resolve(`${pointer}/bond_links/${member}`, id));
		}),
		...data.networks.flatMap((network, index) => resolve(`/networks/${index}/link`, network.link)),
	];
}

function repeated(items: readonly { readonly id: string }[], pointer: string): CrossFault[] {
	const seen = new Set<string>();
	return items.flatMap(({ id }, index) => {
		if (seen.has(id)) return [{ pointer: `${pointer}/${index}/id`, message: `repeats the id "${id}"` }];
		seen.add(id);
		return [];
	});
}
