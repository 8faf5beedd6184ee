/** What the configuration calls its interfaces. */
import { GuestwireError } from "../errors.ts";
import { isInterfaceName, parseMac } from "./values.ts";

/** The names that somebody gave their NICs, checked, by MAC address in lower case. */
function givenNames(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
	const known = new Map<string, string>();
	for (const [mac, name] of names) {
		const key = parseMac(mac);
		if (key === undefined) throw new GuestwireError("usage", `"${mac}" is no MAC address: give MAC=NAME`);
		if (!isInterfaceName(name)) {
			throw new GuestwireError("usage", `"${name}" is no interface's name: up to 15 of A-Z a-z 0-9 . _ -`);
		}
		if (known.has(key)) throw new GuestwireError("usage", `"${mac}" has two names: give it one`);
		known.set(key, name);
	}
	if (new Set(known.values()).size < known.size) {
		throw new GuestwireError("usage", "two MAC addresses have the same name: give each its own");
	}
	return known;
}

/** Gives each interface a name that no other has. */
export interface Naming {
	/** The name that is known by the MAC address, else the next of `eth0`, `eth1` … */
	physical(macAddress: string): { readonly name: string; readonly nameKnown: boolean };
	/** `bond0`, `bond1` … */
	bond(): string;
	/** `eth0.101`, as most tools call it; `vlan101` or `vlan101-2` where that is too long or taken. */
	vlan(parent: string, vlanId: number): string;
}

/** @throws GuestwireError `usage` for a name that is none, or is given twice */
export function naming(names: ReadonlyMap<string, string>): Naming {
	const known = givenNames(names);
	const used = new Set(known.values());
	const claim = (candidates: Iterator<string, never>): string => {
		let name = candidates.next().value;
		while (used.has(name) || !isInterfaceName(name)) name = candidates.next().value;
		used.add(name);
		return name;
	};
	const physical = numbered("eth", 0);
	const bonds = numbered("bond", 0);
	return {
		physical: (macAddress) => {
			const name = known.get(macAddress);
			return { name: name ?? claim(physical), nameKnown: name !== undefined };
		},
		bond: () => claim(bonds),
		vlan: (parent, vlanId) => claim(vlanNames(parent, vlanId)),
	};
}

function* numbered(prefix: string, first: number): Generator<string, never> {
	for (let n = first; ; n++) yield `${prefix}${n}`;
}

function* vlanNames(parent: string, vlanId: number): Generator<string, never> {
	yield `${parent}.${vlanId}`;
	yield `vlan${vlanId}`;
	return yield* numbered(`vlan${vlanId}-`, 2);
}
