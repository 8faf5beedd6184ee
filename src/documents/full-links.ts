/** The links of `network_data.json`, profile `full`: NICs, trunk subports as VLANs, bare-metal bonds. */
import { addressVersion, canonicalAddress } from "../instance/addresses.ts";
import { DEFAULT_MIIMON, isMonitoredMode, isOptionOfMode } from "../instance/bonding.ts";
import type { Port, PortGroup } from "../instance/instance.ts";
import type { Nic } from "./link-ids.ts";
import { type BondLink, type Link, PHYSICAL_TYPES, type PhysicalLink } from "./network-data.ts";

/** How bonds are written. Clients contradict each other here: docs/clients.md lists who needs what. */
export interface BondSettings {
	/**
	 * Whether `bond_miimon` is a number or text. Default: `number`, which cloud-init since 24.2 wants (text makes its
	 * status degraded). Talos drops a number.
	 */
	readonly miimon: "number" | "text";
	/**
	 * Whether the mode and the hash policy are repeated under the names that cloud-init reads before 24.2 with
	 * NetworkManager, and since 24.2 with sysconfig. Default: true. cloud-init since 24.2 makes the bond correctly but
	 * reports a degraded status, because its schema does not know these names.
	 */
	readonly aliases: boolean;
}

export const DEFAULT_BONDS: BondSettings = { miimon: "number", aliases: true };

/** The links of the NICs, in their order. */
export function linksOf(nics: readonly Nic[], bonds: BondSettings): Link[] {
	const mtus = new Map(nics.map((nic) => [nic.linkId, mtuOf(nic.port)]));
	return nics.flatMap((nic): Link[] => {
		const { port, vlan } = nic;
		if (!vlan && port.portGroup) return bondLinks(nic, port.portGroup, bonds);
		const own = mtuOf(port);
		const parent = vlan && mtus.get(vlan.parentLinkId);
		// The kernel refuses a VLAN with a larger MTU than its parent's: systemd-networkd then makes no VLAN at all.
		const mtu = own !== undefined && parent !== undefined ? Math.min(own, parent) : own;
		const common = { id: nic.linkId, vif_id: port.id };
		const size = mtu === undefined ? {} : { mtu };
		if (!vlan) return [{ ...common, type: physicalType(port), ...size, ethernet_mac_address: port.macAddress }];
		const tag = { vlan_id: vlan.id, vlan_link: vlan.parentLinkId, vlan_mac_address: port.macAddress };
		return [{ ...common, type: "vlan", ...size, ...tag }];
	});
}

/** Members come first, so that every link precedes those that refer to it. */
function bondLinks(nic: Nic, group: PortGroup, settings: BondSettings): Link[] {
	const mtu = mtuOf(nic.port);
	// Ironic since 2025.2 replaces a drive in which any link has no MTU (Launchpad bug 2110322).
	const size = mtu === undefined ? {} : { mtu };
	const members = group.members.map(
		(member, index): PhysicalLink => ({
			id: nic.memberLinkIds[index] ?? member.id,
			type: "phy",
			...size,
			ethernet_mac_address: member.macAddress,
		}),
	);
	const bond = {
		id: nic.linkId,
		vif_id: nic.port.id,
		type: "bond",
		...size,
		ethernet_mac_address: nic.port.macAddress,
		...optionsOf(group, settings),
		bond_mode: group.mode,
		bond_links: [...nic.memberLinkIds],
		...(settings.aliases && aliasesOf(group)),
	} as BondLink;
	return [...members, bond];
}

/**
 * Options for which netplan may refuse the whole file, so that no NIC comes up: a NIC by a name that the guest does not give
 * it (Ironic knows no names), and a switch that netplan takes as `true` and all others as `1`.
 */
const REFUSED: ReadonlySet<string> = new Set(["bond_active_slave", "bond_all_slaves_active", "bond_primary"]);

/**
 * The driver's options. A bond always has link monitoring: without it most modes never leave a dead member (Linux,
 * `bond_check_params`), and the default of 100 ms is added where neither `miimon` nor `arp_interval` is set.
 */
function optionsOf({ options, mode }: PortGroup, settings: BondSettings): Record<string, string | number> {
	const { bond_miimon: own, ...others } = options;
	const isUnset = own === undefined || Number(own) === 0;
	// The driver has one monitoring at a time, and by ARP not in every mode.
	const hasArp = isUnset && !isMonitoredMode(mode) && hasArpMonitoring(options);
	// NetworkManager refuses the whole profile for options of LACP in other modes, and for targets with spaces.
	const isOfMode = (name: string) => isOptionOfMode(name.slice("bond_".length), mode);
	const kept = Object.entries(hasArp ? options : others).flatMap(([name, value]): [string, string][] => {
		if (REFUSED.has(name) || !isOfMode(name) || (!hasArp && name.startsWith("bond_arp_"))) return [];
		return [[name, name === "bond_arp_ip_target" ? value.replaceAll(/\s/g, "") : value]];
	});
	if (hasArp) return Object.fromEntries(kept);
	const miimon = isUnset ? String(DEFAULT_MIIMON) : own;
	const isNumber = settings.miimon === "number" && /^\d+$/.test(miimon);
	return { bond_miimon: isNumber ? Number(miimon) : miimon, ...Object.fromEntries(kept) };
}

/** Whether the driver monitors links by ARP: at an interval, and with targets. */
function hasArpMonitoring({ bond_arp_interval: interval, bond_arp_ip_target: targets }: PortGroup["options"]): boolean {
	if (!(Number(interval) > 0) || targets === undefined) return false;
	return targets.split(",").every((target) => {
		const address = canonicalAddress(target.trim());
		return address !== undefined && addressVersion(address) === 4;
	});
}

/**
 * The other names of two options. cloud-init up to 24.1 hands names on as they are, and its NetworkManager renderer
 * reads `bond-mode` and `bond-xmit-hash-policy`. From 24.2 on it turns `bond_` into `bond-`, and its sysconfig renderer
 * then looks for `bond-xmit-hash-policy` (canonical/cloud-init pull requests 5383 and 5768).
 */
function aliasesOf({ mode, options }: PortGroup): Record<string, string> {
	const policy = options["bond_xmit_hash_policy"];
	const hash = policy && { "bond-xmit-hash-policy": policy, "bond_xmit-hash-policy": policy };
	return { "bond-mode": mode, ...(hash || {}) };
}

/** In bytes. IPv4 needs at least 68 (RFC 791): anything smaller is not an MTU. */
function mtuOf(port: Port): number | undefined {
	const { mtu } = port.network;
	return mtu !== undefined && mtu >= 68 ? mtu : undefined;
}

function physicalType(port: Port): PhysicalLink["type"] {
	return PHYSICAL_TYPES.find((type) => type === port.vifType) ?? "phy";
}
