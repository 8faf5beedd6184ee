/** Checks what no JSON Schema can express about a `network_data.json`: unique ids and valid references. */
import type { NetworkDescription } from "./network-description.ts";

/** An invalid reference or a repeated id. */
export interface CrossFault {
	/** JSON pointer into the document. */
	readonly pointer: string;
	readonly message: string;
}

/** Finds the errors, in document order. The list is empty for a valid document. */
export function crossCheck(data: NetworkDescription): CrossFault[] {
	const links = new Set(data.links.map((link) => link.id));
	const resolve = (pointer: string, id: string): CrossFault[] =>
		links.has(id) ? [] : [{ pointer, message: `refers to the unknown link "${id}"` }];
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
