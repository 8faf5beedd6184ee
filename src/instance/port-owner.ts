/** What a port is for, by its `device_owner`. */
import type { PortFacts } from "./facts.ts";

type Owned = Pick<PortFacts, "device_owner">;

/** Of the ports of Neutron's DHCP agents. OVN's `network:distributed` ports serve no DHCP (LP 2055245). */
export const DHCP_OWNER = "network:dhcp";
/** Of the ports that Ironic makes or attaches. */
export const IRONIC_OWNER = "baremetal:none";
/** Of a trunk's subports. */
export const SUBPORT_OWNER = "trunk:subport";

export function isDhcpPort({ device_owner }: Owned): boolean {
	return device_owner === DHCP_OWNER;
}

/** Ironic attaches ports of its own to networks on which it boots its ramdisk, and Nova's ports get another owner. */
export function isIronicPort({ device_owner }: Owned): boolean {
	return device_owner === IRONIC_OWNER;
}

/** Nova's owners are `compute:<zone>`. */
export function isNovaPort({ device_owner }: Owned): boolean {
	return device_owner.startsWith("compute:");
}
