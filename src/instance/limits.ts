/** How much an instance may have, so that no document takes long to write or a guest long to read. */
import { GuestwireError } from "../errors.ts";
import type { Instance, Port, Subnet } from "./instance.ts";

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
	"bytes of user data": 64 * 1024 * 1024,
	/** Characters of the names and values of its metadata. */
	"characters of metadata": 1024 * 1024,
} as const satisfies Readonly<Record<string, number>>;

/** The limit that an instance exceeds, in words; undefined if none. */
export function exceededLimit(instance: Instance): string | undefined {
	const counts = countsOf(instance);
	for (const [what, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
		if (counts[what] > most) return `${counts[what]} ${what}, but documents may have at most ${most}`;
	}
	return undefined;
}

/** @throws GuestwireError `limit`, which names the limit */
export function checkLimits(instance: Instance): void {
	const exceeded = exceededLimit(instance);
	if (exceeded === undefined) return;
	throw new GuestwireError("limit", `instance ${instance.id} has ${exceeded}: remove some`);
}

function countsOf({ ports, server }: Instance): Readonly<Record<keyof typeof MOST, number>> {
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
		"bytes of user data": server?.userData?.length ?? 0,
		"characters of metadata": Array.from(server?.metadata ?? []).reduce(
			(total, [name, value]) => total + name.length + value.length,
			0,
		),
	};
}
