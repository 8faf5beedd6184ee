/**
 * What Ironic's networking service sets up on the switch, from `extra.switchport` of ports and `extra.lag` of port groups:
 * ironic/drivers/modules/network/ironic_networking_schemas.py. `extra.portchannel` of either is the earlier name of `lag`.
 */
import type { BareMetalPortFacts, PortGroupFacts } from "./bare-metal-facts.ts";
import { isMap } from "./is-map.ts";

/** What the switch does on a NIC's or bond's port. */
export interface SwitchSide {
	/** The VLANs that arrive with a tag, in ascending order. */
	readonly taggedVlans: readonly number[];
	readonly mtu?: number;
}

/** The most that Ironic's schema allows. If a switch passes on more, nothing says which are the guest's. */
const MOST_VLANS = 100;

/**
 * What the port group's record says, and where it says nothing, those of the ports.
 *
 * @param ports the NIC, or the members of the bond
 */
export function switchSideOf(ports: readonly BareMetalPortFacts[], group?: PortGroupFacts): SwitchSide {
	const records = [...lagsOf(ports, group), ...ports.map(({ extra }) => extra?.switchport).filter(isMap)];
	const { mode, native_vlan: native, allowed_vlans: allowed } = records.find(({ mode }) => mode) ?? {};
	const [mtu] = records.flatMap((record) => mtuOf(record["mtu"]) ?? []);
	const vlans = mode === "trunk" || mode === "hybrid" ? vlansIn(allowed) : [];
	const tagged = vlans.filter((vlan) => String(vlan) !== String(native));
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
export function aggregationOf(
	group: PortGroupFacts,
	members: readonly BareMetalPortFacts[],
): "lacp" | "static" | undefined {
	const modes = lagsOf(members, group).map((record) => record["aggregation_mode"]);
	return modes.find((mode) => mode === "lacp" || mode === "static");
}

function lagsOf(ports: readonly BareMetalPortFacts[], group?: PortGroupFacts): Record<string, unknown>[] {
	const ofGroup = [group?.extra?.lag, group?.extra?.portchannel].filter(isMap).slice(0, 1);
	return [...ofGroup, ...ports.map(({ extra }) => extra?.portchannel).filter(isMap)];
}

/** How switches call interfaces that consist of several: Arista, Cisco, Comware, Cumulus, Huawei, Juniper, SONiC. */
const AGGREGATED = /^(ae|bond|bridge-aggregation|bundle-ether|eth-trunk|lag|po|port-?channel)[ _-]?\d+$/i;

/**
 * The switch's aggregated interface that a NIC belongs to, if its records name one: in `extra.portchannel`, as `lag_name`
 * of `extra.switchport`, or as `port_id` of `local_link_connection`.
 */
export function aggregateOf({ extra, local_link_connection: link }: BareMetalPortFacts): string | undefined {
	const { portchannel } = extra ?? {};
	const switchport = isMap(extra?.switchport) ? extra.switchport : {};
	const name = isMap(portchannel) ? (portchannel["name"] ?? portchannel["lag_name"]) : portchannel;
	const port = String(link?.port_id);
	const names = [name, switchport["lag_name"], AGGREGATED.test(port) ? port : undefined];
	return names
		.filter((each) => typeof each === "string" || typeof each === "number")
		.map(String)
		.find(Boolean);
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
