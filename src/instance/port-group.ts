/** Bare metal: which Neutron port is on a bond, and which NICs the bond consists of. */
import { GuestwireError } from "../errors.ts";
import { canonicalMac } from "./addresses.ts";
import type { InstanceFacts, PortGroupFacts } from "./facts.ts";
import type { PortGroup } from "./instance.ts";

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

/**
 * The port group of a Neutron port: the one that Ironic attached the port to, else the one with the port's MAC address.
 * Undefined if there is none, or it has no members.
 *
 * @throws GuestwireError `cloud-answer` for a mode that the bonding driver does not have
 */
export function portGroupOf(portId: string, macAddress: string, facts: InstanceFacts): PortGroup | undefined {
	const group =
		facts.portGroups.find((candidate) => attachedPort(candidate) === portId) ??
		facts.portGroups.find((candidate) => candidate.address?.toLowerCase() === macAddress);
	if (!group) return undefined;
	const mode = modeOf(group);
	const members = facts.bareMetalPorts.flatMap((port) => {
		const mac = canonicalMac(port.address);
		return port.portgroup_uuid === group.uuid && mac ? [{ id: port.uuid, macAddress: mac }] : [];
	});
	// There is no bond without NICs; the port itself still describes what to set up.
	if (members.length === 0) return undefined;
	return { id: group.uuid, mode, options: optionsOf(group), members };
}

function attachedPort(group: PortGroupFacts): string | null | undefined {
	return group.internal_info?.tenant_vif_port_id ?? group.extra?.vif_port_id;
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

/** Nova's rule (nova/virt/ironic/driver.py): the guest gets every property, prefixed with `bond_` if it is not yet. */
function optionsOf(group: PortGroupFacts): Record<string, string> {
	return Object.fromEntries(
		Object.entries(group.properties).map(([key, value]) => [
			key.startsWith("bond_") ? key : `bond_${key}`,
			String(value),
		]),
	);
}
