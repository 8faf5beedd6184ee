/** How much an instance may have, so that no document takes long to write or a guest long to read. */
import { GuestwireError } from "../errors.ts";
import type { Instance } from "../instance/instance.ts";

/** Most of each per instance, far above what any cloud allows by default. */
export const MOST = {
	/** Including the subports of trunks. */
	ports: 500,
	addresses: 2000,
	/** Each host route counts once per address in its subnet. */
	routes: 5000,
	/** Each security group counts once per port. */
	"security group rules": 10_000,
} as const satisfies Readonly<Record<string, number>>;

/** @throws GuestwireError `limit`, which names the limit */
export function checkLimits({ id, ports }: Instance): void {
	const all = ports.flatMap((port) => [port, ...(port.trunk?.subports.map((subport) => subport.port) ?? [])]);
	const sum = (count: (port: (typeof all)[number]) => number) => all.reduce((total, port) => total + count(port), 0);
	const counts: Readonly<Record<keyof typeof MOST, number>> = {
		ports: all.length,
		addresses: sum(({ fixedIps }) => fixedIps.length),
		routes: sum(({ fixedIps }) => fixedIps.reduce((total, { subnet }) => total + subnet.hostRoutes.length, 0)),
		"security group rules": sum(({ securityGroups }) =>
			securityGroups.reduce((total, { rules }) => total + rules.length, 0),
		),
	};
	for (const [what, most] of Object.entries(MOST) as [keyof typeof MOST, number][]) {
		if (counts[what] <= most) continue;
		throw new GuestwireError(
			"limit",
			`instance ${id} has ${counts[what]} ${what}, and documents at most ${most}: remove some`,
		);
	}
}
