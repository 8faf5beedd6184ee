/**
 * What Ironic's networking service sets up on the switch, from `extra.switchport` of ports and `extra.lag` (or
 * `extra.portchannel`) of port groups: ironic/drivers/modules/network/ironic_networking_schemas.py.
 */
import type { BareMetalPortFacts, PortGroupFacts } from "./facts.ts";
import { isMap } from "./is-map.ts";

/** What the switch does on a NIC's or bond's port. */
export interface SwitchSide {
	/** The VLANs that arrive with a tag, in ascending order. */
	readonly taggedVlans: readonly number[];
	readonly mtu?: number;
}

/** The most that Ironic's schema allows. If a switch passes on more, nothing says which are the guest's. */
const MOST_VLANS = 100;

/** @param ports the NIC, or the members of the bond */
export function switchSideOf(ports: readonly BareMetalPortFacts[], group?: PortGroupFacts): SwitchSide {
	const [side = {}] = [lagOf(group), ...ports.map(({ extra }) => extra?.switchport)].filter(isMap);
	const { mode, native_vlan: native, allowed_vlans: allowed } = side;
	const mtu = mtuOf(side["mtu"]);
	const vlans = mode === "trunk" || mode === "hybrid" ? vlansIn(allowed) : [];
	const tagged = vlans.filter((vlan) => vlan !== native);
	return {
		taggedVlans: tagged.length > MOST_VLANS ? [] : tagged,
		...(mtu !== undefined && { mtu }),
	};
}

/** An MTU, if the value can be one. In bytes. IPv4 needs at least 68 (RFC 791). */
export function mtuOf(value: unknown): number | undefined {
	return typeof value === "number" && Number.isInteger(value) && value >= 68 && value <= 65535 ? value : undefined;
}

/** How the switch aggregates the links of a port group. */
export function aggregationOf(group: PortGroupFacts): "lacp" | "static" | undefined {
	const mode = lagOf(group)?.["aggregation_mode"];
	return mode === "lacp" || mode === "static" ? mode : undefined;
}

function lagOf(group: PortGroupFacts | undefined): Record<string, unknown> | undefined {
	return [group?.extra?.lag, group?.extra?.portchannel].find(isMap);
}

/** Numbers, and ranges such as `"30-32"`. */
function vlansIn(list: unknown): number[] {
	const vlans = new Set<number>();
	for (const item of Array.isArray(list) ? list.slice(0, MOST_VLANS) : []) {
		const [, from, to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(String(item)) ?? [];
		for (let vlan = Number(from); vlan <= Math.min(Number(to), 4094); vlan++) if (vlan > 0) vlans.add(vlan);
	}
	return [...vlans].sort((a, b) => a - b);
}
