/** The names that the configuration gives to interfaces. */
import { GuestwireError } from "../errors.ts";
import { isInterfaceName, parseMac } from "./values.ts";

/** The names that the user gave for NICs, validated, by MAC address in lower case. */
function givenNames(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
	const known = new Map<string, string>();
	for (const [mac, name] of names) {
		const key = parseMac(mac);
		if (key === undefined) throw new GuestwireError("usage", `"${mac}" is not a MAC address: give MAC=NAME`);
		if (!isInterfaceName(name)) {
			throw new GuestwireError("usage", `"${name}" is not a valid interface name: use at most 15 of A-Z a-z 0-9 . _ -`);
		}
		if (known.has(key)) throw new GuestwireError("usage", `"${mac}" is given two names: give it one`);
		known.set(key, name);
	}
	if (new Set(known.values()).size < known.size) {
		throw new GuestwireError("usage", "two MAC addresses are given the same name: give each its own");
	}
	return known;
}

/** Gives each interface a unique name. */
export interface Namer {
	/** The name given for the MAC address, else the next of `eth0`, `eth1` … */
	physical(macAddress: string): { readonly name: string; readonly nameKnown: boolean };
	/** Takes a NIC's real name; false if another interface has it. */
	take(name: string): boolean;
	/** `bond0`, `bond1` … */
	bond(): string;
	/** `eth0.101`, as most tools call it; `vlan101` or `vlan101-2` if that is too long or taken. */
	vlan(parent: string, vlanId: number): string;
}

/** @throws GuestwireError `usage` if a name is not a valid interface name, or is given twice */
export function createNamer(names: ReadonlyMap<string, string>): Namer {
	const known = givenNames(names);
	const used = new Set(known.values());
	const pick = (candidates: Iterator<string, never>): string => {
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
			return { name: name ?? pick(physical), nameKnown: name !== undefined };
		},
		take: (name) => {
			if (used.has(name) || !isInterfaceName(name)) return false;
			used.add(name);
			return true;
		},
		bond: () => pick(bonds),
		vlan: (parent, vlanId) => pick(vlanNames(parent, vlanId)),
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
