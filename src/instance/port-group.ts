/** Bare metal: which NIC or bond a Neutron port is on, and which NICs a bond consists of. */
import { GuestwireError } from "../errors.ts";
import { plainKey } from "../key-order.ts";
import { canonicalMac } from "./addresses.ts";
import type { BareMetalPortFacts, PortGroupFacts } from "./bare-metal-facts.ts";
import { BOND_MODES, type BondMode, bondModeOf, bondOptionName, bondOptionValue } from "./bonding.ts";
import type { InstanceFacts, PortFacts } from "./facts.ts";
import type { PortGroup } from "./instance.ts";
import { nonEmptyText } from "./is-map.ts";
import { isIronicPort, isNovaPort } from "./port-owner.ts";
import { aggregationOf } from "./switch-side.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** What Ironic knows of a Neutron port. */
export interface BareMetal {
	/** The address of the NIC or bond. It takes the place of Neutron's (nova/virt/ironic/driver.py). */
	readonly macAddress?: string;
	/** Whatever Neutron says of the binding: what Ironic attached to a NIC is plugged in. */
	readonly plugged?: true;
	/** Present if the port is on a bond. */
	readonly portGroup?: PortGroup;
}

/**
 * The NIC or bond of a Neutron port: what Ironic attached the port to, else the port group with the port's MAC address.
 *
 * @throws GuestwireError `cloud-answer` for a mode that the bonding driver does not have
 */
export function bareMetalOf(portId: string, macAddress: string, facts: InstanceFacts): BareMetal {
	const { nic, group } = holderOf(portId, macAddress, facts);
	if (nic) return withoutUndefined<BareMetal>({ plugged: true, macAddress: canonicalMac(nic.address) });
	if (!group) return {};
	const nics = membersOf(group, facts);
	const mode = modeOf(group, nics);
	const members = nics.flatMap(({ uuid, address }) => {
		const mac = canonicalMac(address);
		return mac ? [{ id: uuid, macAddress: mac }] : [];
	});
	const portGroup = { id: group.uuid, mode, options: optionsOf(group), members };
	return withoutUndefined<BareMetal>({
		plugged: attachedPort(group) === portId ? true : undefined,
		macAddress: canonicalMac(group.address ?? ""),
		// There is no bond without NICs; the port itself still describes what to set up.
		portGroup: members.length > 0 ? portGroup : undefined,
	});
}

type Hardware = Pick<InstanceFacts, "bareMetalPorts" | "portGroups">;

/** The NIC or the bond that a Neutron port is on. */
function holderOf(
	portId: string,
	macAddress: string,
	hardware: Hardware,
): { readonly nic?: BareMetalPortFacts | undefined; readonly group?: PortGroupFacts | undefined } {
	const { portGroups, bareMetalPorts } = hardware;
	const isAttached = (holder: PortGroupFacts | BareMetalPortFacts) => attachedPort(holder) === portId;
	const attached = portGroups.find(isAttached);
	const nic = attached ? undefined : bareMetalPorts.find(isAttached);
	if (nic) return { nic };
	return { group: attached ?? portGroups.find((candidate) => hasMac(candidate, macAddress, hardware)) };
}

/** Whether a NIC sends what a Neutron port sends: the port is on it, or on a bond that it is a member of. */
export function isOnNic(port: Pick<PortFacts, "id" | "mac_address">, nicAddress: string, hardware: Hardware): boolean {
	const { nic, group } = holderOf(port.id, canonicalMac(port.mac_address) ?? "", hardware);
	if (nic) return canonicalMac(nic.address) === nicAddress;
	return group !== undefined && hasMac(group, nicAddress, hardware);
}

function hasMac(group: PortGroupFacts, macAddress: string, facts: Hardware): boolean {
	const addresses = [group, ...membersOf(group, facts)].map(({ address }) => canonicalMac(address ?? ""));
	return addresses.includes(macAddress);
}

function membersOf(group: PortGroupFacts, facts: Hardware): BareMetalPortFacts[] {
	return inPlaces(facts.bareMetalPorts).filter((port) => port.portgroup_uuid === group.uuid);
}

/** A node's NICs in the order that Ironic has them, however they were stored. */
export function inPlaces(ports: readonly BareMetalPortFacts[]): BareMetalPortFacts[] {
	return ports.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0));
}

/** The Neutron port that Ironic attached to a NIC or bond. */
export function attachedPort(holder: Pick<PortGroupFacts, "internal_info" | "extra">): string | undefined {
	return nonEmptyText(holder.internal_info?.tenant_vif_port_id) ?? nonEmptyText(holder.extra?.vif_port_id);
}

/** The Neutron ports of the networks on which Ironic provisions, cleans, rescues, inspects or services the node. */
export function ramdiskPorts({ bareMetalPorts, portGroups }: Hardware): Set<string> {
	const ids = [...bareMetalPorts, ...portGroups].flatMap(({ internal_info }) => {
		const { tenant_vif_port_id: _, ...others } = internal_info ?? {};
		return Object.values(others).flatMap((id) => nonEmptyText(id) ?? []);
	});
	return new Set(ids);
}

/**
 * Which of the instance's ports are there for Ironic's ramdisk alone. Ironic gives them the instance as device until the
 * node is deployed, and makes them anew to rescue it (ironic/common/neutron.py, `add_ports_to_network`). Where Ironic's
 * records do not say what a port is for, its owner shows it beside ports that Nova made.
 */
export function isRamdiskPort(facts: InstanceFacts): (port: Pick<PortFacts, "id" | "device_owner">) => boolean {
	const ramdisk = ramdiskPorts(facts);
	const attached = new Set([...facts.bareMetalPorts, ...facts.portGroups].map(attachedPort));
	const isOfNova = facts.ports.some(isNovaPort);
	return (port) => ramdisk.has(port.id) || (isOfNova && isIronicPort(port) && !attached.has(port.id));
}

/**
 * The mode, such that the guest agrees with the switch where Ironic configures it: a switch that speaks LACP needs
 * 802.3ad, and one that does not needs another mode. Ironic's own default is `active-backup`
 * (`[DEFAULT]default_portgroup_mode`).
 */
function modeOf(group: PortGroupFacts, members: readonly BareMetalPortFacts[]): BondMode {
	const text = group.mode ?? "active-backup";
	const name = bondModeOf(text);
	if (!name) {
		const known = BOND_MODES.join(", ");
		throw new GuestwireError(
			"cloud-answer",
			`port group ${group.uuid} has the unknown mode "${text}": set one of ${known}`,
		);
	}
	const onSwitch = aggregationOf(group, members);
	if (onSwitch === "lacp") return "802.3ad";
	return onSwitch === "static" && !STATIC_MODES.has(name) ? "balance-xor" : name;
}

/** The modes for a switch that aggregates links without a protocol. */
const STATIC_MODES: ReadonlySet<BondMode> = new Set(["balance-rr", "balance-xor", "broadcast"]);

/**
 * The guest gets every property, prefixed with `bond_` (nova/virt/ironic/driver.py), under the name that the driver has
 * for it: operators write it with or without the prefix, with dashes or underscores. What can't be a value of the driver
 * is left out.
 */
function optionsOf(group: PortGroupFacts): Record<string, string> {
	return Object.fromEntries(
		Object.entries(group.properties).flatMap(([key, value]) => {
			const text = textOf(value);
			const name = bondOptionName(plainKey(key));
			const option = text === undefined ? undefined : bondOptionValue(name, text);
			return option === undefined ? [] : [[`bond_${name}`, option]];
		}),
	);
}

/** As the driver reads it: a list with commas, a switch as 1 or 0. */
function textOf(value: unknown): string | undefined {
	if (typeof value === "boolean") return String(Number(value));
	if (typeof value === "string" || typeof value === "number") return String(value);
	if (!Array.isArray(value) || value.length === 0) return undefined;
	return value.every((item) => typeof item === "string" || typeof item === "number") ? value.join(",") : undefined;
}
