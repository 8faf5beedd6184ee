/** From a guest's address to the one instance that owns it. */
import ipaddr from "ipaddr.js";
import { canonicalAddress, eui64Mac } from "../../../instance/addresses.ts";
import type { Instance, Port } from "../../../instance/instance.ts";
import type { InstanceCache } from "../../../source/instance-cache.ts";
import type { Owner, PortQuery } from "../../../source/source.ts";
import type { Claim, Named, Refusal } from "./asker.ts";

/** fe80::/10 in canonical text. */
const LINK_LOCAL_V6 = /^fe[89ab][0-9a-f]:/;

/** A socket's or a header's address in canonical text: IPv4-mapped IPv6 unwrapped, no zone; undefined for no address. */
export function plainAddress(text: string): string | undefined {
	const [address = ""] = text.split("%", 1);
	const parsed = ipaddr.IPv6.isValid(address) ? ipaddr.IPv6.parse(address) : undefined;
	return parsed?.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : canonicalAddress(address);
}

/**
 * How to look for the port that a source address belongs to: by the address, or, when it is IPv6 link-local, by the
 * MAC address in it, which is all that the cloud knows of such an address; a privacy address has none. An
 * IPv4-mapped one is what haproxy writes when it listens on both families.
 * (neutron/agent/metadata/proxy_base.py, `_get_instance_and_project_id`)
 */
export function sourceOf(text: string): PortQuery | undefined {
	const address = plainAddress(text);
	if (address === undefined || !LINK_LOCAL_V6.test(address)) return address === undefined ? undefined : { address };
	const macAddress = eui64Mac(address);
	return macAddress === undefined ? undefined : { macAddress };
}

export function badAddress(what: string): Refusal {
	return {
		status: 404,
		reason: "bad-address",
		detail: `${what} is no address, or a link-local one without a MAC address in it`,
	};
}

/**
 * The one instance that owns a port matching any of the queries. None and several are both refused. Where several ports
 * match, the request may come from any of them: what each one says has to hold.
 */
export async function oneOwner(
	directory: Pick<InstanceCache, "owners">,
	queries: readonly PortQuery[],
): Promise<Named | Refusal> {
	const found = await Promise.all(
		queries.map(async (query) =>
			(await directory.owners(query)).map((owner) => [owner.id, claimOf(query, owner)] as const),
		),
	);
	const matches = found.flat();
	const ids = new Set(matches.map(([id]) => id));
	const [id, another] = ids;
	if (id === undefined) {
		const detail = `no instance has a port that matches ${JSON.stringify(queries)}`;
		return { status: 404, reason: "no-owner", detail };
	}
	if (another === undefined) return { id, claims: matches.map(([, claim]) => claim) };
	const detail = `${[...ids].join(", ")} all have a port that matches ${JSON.stringify(queries)}`;
	return { status: 404, reason: "several-owners", detail };
}

/** What a port says that names an instance as its device: the instance is of its project, and is where it is. */
function claimOf(query: PortQuery, { projectId, networkId }: Owner): Claim {
	return { ...(projectId !== undefined && { projectId }), source: { ...query, networkId } };
}

/** Whether one of the instance's own ports is where the request came from. The router is the directory's to know. */
export function hasSource(instance: Instance, source: PortQuery): boolean {
	const ports = instance.ports.flatMap((port) => [
		port,
		...(port.trunk?.subports ?? []).map((subport) => subport.port),
	]);
	return ports.some((port) => isSource(port, source));
}

function isSource(port: Port, { address, macAddress, networkId }: PortQuery): boolean {
	if (networkId !== undefined && port.network.id !== networkId) return false;
	if (macAddress !== undefined) return port.macAddress === macAddress;
	return port.fixedIps.some((fixedIp) => fixedIp.address === address);
}
