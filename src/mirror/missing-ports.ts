/** Wirings that Nova's facts contradict: one of the two services was asked before a change, the other one after it. */
import { canonicalMac } from "../instance/addresses.ts";
import { contentsOf } from "../source/resource.ts";
import type { MirrorStore } from "./mirror-store.ts";
import type { InstanceReading } from "./read-instance.ts";

/** The MAC addresses of the server's NICs that no port explains. */
export function nicsWithoutPort({ facts }: InstanceReading): string[] {
	const macs = new Set(facts?.ports.map(({ mac_address }) => mac_address.toLowerCase()));
	const addresses = Object.values(facts?.server?.addresses ?? {}).flat();
	return addresses.flatMap((address) => {
		const mac = address["OS-EXT-IPS-MAC:mac_addr"];
		return mac === undefined || macs.has(mac.toLowerCase()) ? [] : [mac];
	});
}

/**
 * Whether a port may be missing. A server without any NIC is more often one whose NICs are not known yet. A NIC whose port
 * was seen without it after the server was asked is detached: Nova notices later.
 */
export async function hasMissingPort(store: Pick<MirrorStore, "read">, found: InstanceReading): Promise<boolean> {
	const nics = new Set(nicsWithoutPort(found).map((mac) => canonicalMac(mac) ?? mac));
	if (nics.size === 0 || found.facts?.ports.length === 0) return found.facts?.ports.length === 0;
	const server = found.resources.find(({ kind }) => kind === "server");
	const ports = await store.read([{ kind: "port", key: "mac", values: [...nics] }]).catch(() => ({ resources: [] }));
	const later = ports.resources.filter(
		({ requestedAt }) => requestedAt > (server?.requestedAt ?? Number.POSITIVE_INFINITY),
	);
	for (const { device_id, project_id, mac_address } of contentsOf(later, "port")) {
		const isOwn = project_id !== undefined && project_id === found.facts?.server?.tenant_id;
		if (isOwn && device_id.toLowerCase() !== found.facts?.id) nics.delete(canonicalMac(mac_address) ?? mac_address);
	}
	return nics.size > 0;
}
