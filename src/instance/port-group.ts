/** Bare metal: which NIC or bond a Neutron port is on, and which NICs a bond consists of. */
import { GuestwireError } from "../errors.ts";
import { canonicalMac } from "./addresses.ts";
import type { BareMetalPortFacts, InstanceFacts, PortGroupFacts } from "./facts.ts";
import type { PortGroup } from "./instance.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** The bonding driver's modes, by number. Ironic stores a number or a name, as the operator wrote it. */
export const BOND_MODES = [
	"balance-rr",
	"active-backup",
	"balance-xor",
	"broadcast",
	"802.3ad",
	"balance-tlb",
	"balance-alb",
] as const;

/** What Ironic knows of a Neutron port. */
export interface BareMetal {
	/** The address of the NIC or bond. It takes the place of Neutron's (nova/virt/ironic/driver.py). */
	readonly macAddress?: string;
	/** Present if the port is on a bond. */
	readonly portGroup?: PortGroup;
}

/**
 * The NIC or bond of a Neutron port: what Ironic attached the port to, else the port group with the port's MAC address.
 *
 * @throws GuestwireError `cloud-answer` for a mode that the bonding driver does not have
 */
export function bareMetalOf(portId: string, macAddress: string, facts: InstanceFacts): BareMetal {
	const { portGroups, bareMetalPorts } = facts;
	const attached = portGroups.find((candidate) => attachedPort(candidate) === portId);
	const nic = attached ? undefined : bareMetalPorts.find((candidate) => attachedPort(candidate) === portId);
	if (nic) return withoutUndefined<BareMetal>({ macAddress: canonicalMac(nic.address) });
	const group = attached ?? portGroups.find((candidate) => hasMac(candidate, macAddress, facts));
	if (!group) return {};
	const mode = modeOf(group);
	const members = membersOf(group, facts).flatMap(({ uuid, address }) => {
		const mac = canonicalMac(address);
		return mac ? [{ id: uuid, macAddress: mac }] : [];
	});
	const portGroup = { id: group.uuid, mode, options: optionsOf(group), members };
	return withoutUndefined<BareMetal>({
		macAddress: canonicalMac(group.address ?? ""),
		// There is no bond without NICs; the port itself still describes what to set up.
		portGroup: members.length > 0 ? portGroup : undefined,
	});
}

function hasMac(group: PortGroupFacts, macAddress: string, facts: InstanceFacts): boolean {
	const addresses = [group, ...membersOf(group, facts)].map(({ address }) => canonicalMac(address ?? ""));
	return addresses.includes(macAddress);
}

function membersOf(group: PortGroupFacts, facts: InstanceFacts): BareMetalPortFacts[] {
	return facts.bareMetalPorts.filter((port) => port.portgroup_uuid === group.uuid);
}

/** The Neutron port that Ironic attached to a NIC or bond. */
export function attachedPort(holder: Pick<PortGroupFacts, "internal_info" | "extra">): string | undefined {
	return holder.internal_info?.tenant_vif_port_id || holder.extra?.vif_port_id || undefined;
}

/** The name of a mode, given by name or number; undefined if the bonding driver does not have it. */
export function bondModeOf(text: string): (typeof BOND_MODES)[number] | undefined {
	return BOND_MODES.find((mode, number) => text === mode || text === String(number));
}

/** Ironic's own default is `active-backup` (`[DEFAULT]default_portgroup_mode`). */
function modeOf(group: PortGroupFacts): string {
	const text = group.mode ?? "active-backup";
	const name = bondModeOf(text);
	if (name) return name;
	throw new GuestwireError(
		"cloud-answer",
		`port group ${group.uuid} has mode "${text}"; the bonding driver has ${BOND_MODES.join(", ")}`,
	);
}

/**
 * The guest gets every property, prefixed with `bond_` (nova/virt/ironic/driver.py). The driver writes its options with
 * underscores, operators also with dashes, and with the prefix or without.
 */
function optionsOf(group: PortGroupFacts): Record<string, string> {
	return Object.fromEntries(
		Object.entries(group.properties).flatMap(([key, value]) =>
			value === null ? [] : [[`bond_${key.replace(/^bond[_-]/, "").replaceAll("-", "_")}`, textOf(value)]],
		),
	);
}

/** As the driver reads it: a list with commas, a switch as 1 or 0. */
function textOf(value: NonNullable<PortGroupFacts["properties"][string]>): string {
	return typeof value === "boolean" ? String(Number(value)) : String(value);
}
