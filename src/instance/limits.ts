/** How much an instance may have, so that no document takes long to write or a guest long to read. */
import { GuestwireError } from "../errors.ts";
import { getOrInsert } from "../get-or-insert.ts";
import type { Instance, Port, Server, Subnet } from "./instance.ts";

/** Most of each per instance, far above what any cloud allows by default. */
export const MOST = {
	/** Including the subports of trunks. */
	ports: 500,
	addresses: 2000,
	/** Each host route counts once per address in its subnet. */
	routes: 5000,
	/** Each of a subnet's DNS servers counts once per address in the subnet. */
	"DNS servers": 5000,
	"allowed address pairs": 5000,
	tags: 5000,
	/** Each security group counts once per port. */
	"security group rules": 10_000,
	"floating IPs": 2000,
	/** Neutron's `dns_assignment`. */
	"DNS names": 5000,
	volumes: 1000,
	shares: 1000,
	/** Each SSH key counts, also of a key pair with several. */
	keys: 1000,
	"dedicated CPUs": 10_000,
	"bytes of user data": 64 * 1024 * 1024,
	/** Characters of the names and values of its metadata. */
	"characters of metadata": 1024 * 1024,
	/** Names, descriptions, addresses, keys, metadata and all else but user data, as often as documents repeat it. */
	"characters of text": 2 * 1024 * 1024,
} as const satisfies Readonly<Record<string, number>>;

/** What `exceededLimit` has found: caches and documents ask for the same instance. Empty: no limit is exceeded. */
const known = new WeakMap<Instance, string>();

/** The limit that an instance exceeds, in words; undefined if none. */
export function exceededLimit(instance: Instance): string | undefined {
	return getOrInsert(known, instance, exceeded) || undefined;
}

function exceeded(instance: Instance): string {
	const counts = countsOf(instance);
	for (const [what, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
		// Text takes longest to count, and never long if there is not too much else.
		const count = what === "characters of text" ? lengthOf(instance) : counts[what];
		if (count > most) return `${count} ${what}, but documents may have at most ${most}`;
	}
	return "";
}

/** @throws GuestwireError `limit`, which names the limit */
export function checkLimits(instance: Instance): void {
	const what = exceededLimit(instance);
	if (what === undefined) return;
	throw new GuestwireError("limit", `instance ${instance.id} has ${what}: remove some`);
}

type Counts = Readonly<Record<Exclude<keyof typeof MOST, "characters of text">, number>>;

function countsOf({ ports, server }: Instance): Counts {
	const all = ports.flatMap((port) => [port, ...(port.trunk?.subports.map((subport) => subport.port) ?? [])]);
	const sum = (count: (port: Port) => number) => all.reduce((total, port) => total + count(port), 0);
	const perAddress = (count: (subnet: Subnet) => number) =>
		sum(({ fixedIps }) => fixedIps.reduce((total, { subnet }) => total + count(subnet), 0));
	return {
		ports: all.length,
		addresses: sum(({ fixedIps }) => fixedIps.length),
		routes: perAddress(({ hostRoutes }) => hostRoutes.length),
		"DNS servers": perAddress(({ dnsServers }) => dnsServers.length),
		"allowed address pairs": sum(({ allowedAddressPairs }) => allowedAddressPairs.length),
		tags: sum(({ tags, network }) => tags.length + network.tags.length) + perAddress(({ tags }) => tags.length),
		"security group rules": sum(({ securityGroups }) =>
			securityGroups.reduce((total, { rules }) => total + rules.length, 0),
		),
		"floating IPs": sum(({ floatingIps }) => floatingIps.length),
		"DNS names": sum(({ dnsAssignment }) => dnsAssignment.length),
		...ofServer(server),
	};
}

function ofServer(server: Server | undefined) {
	return {
		volumes: server?.volumes.length ?? 0,
		shares: server?.shares.length ?? 0,
		keys: server?.keypairs.reduce((total, { publicKey }) => total + publicKey.split("\n").length, 0) ?? 0,
		"dedicated CPUs": server?.dedicatedCpus.length ?? 0,
		"bytes of user data": server?.userData?.length ?? 0,
		"characters of metadata": server === undefined ? 0 : lengthOf(server.metadata),
	};
}

/** The characters of all texts in a value, names of metadata items included. */
function lengthOf(value: unknown): number {
	if (typeof value === "string") return value.length;
	if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return 0;
	let length = 0;
	for (const item of value instanceof Map ? value.entries() : Object.values(value)) length += lengthOf(item);
	return length;
}
