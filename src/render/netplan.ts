import { isMember, type PlannedBond, type PlannedInterface, type Warning } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { cidr, destination, yaml } from "./text.ts";

/** Network configuration version 2. https://netplan.readthedocs.io/en/stable/netplan-yaml/ */
export const netplan: Renderer = (plan) => {
	const { network, warnings } = networkVersion2(plan.interfaces);
	// Netplan complains of a file that others may read: it may hold secrets.
	return { files: [{ path: "etc/netplan/50-guestwire.yaml", mode: 0o600, text: yaml({ network }) }], warnings };
};

const GROUPS = { physical: "ethernets", bond: "bonds", vlan: "vlans" } as const;

/** What netplan has under `network`, and cloud-init in a `network-config` of version 2. */
export function networkVersion2(interfaces: readonly PlannedInterface[]): { network: object; warnings: Warning[] } {
	const warnings: Warning[] = [];
	const network: Record<string, unknown> & { version: 2 } = { version: 2 };
	for (const [kind, members] of Map.groupBy(interfaces, ({ kind }) => kind)) {
		network[GROUPS[kind]] = Object.fromEntries(members.map((one) => [one.name, describe(one, warnings)]));
	}
	return { network, warnings };
}

function describe(one: PlannedInterface, warnings: Warning[]): object {
	return {
		...describeLink(one, warnings),
		...(one.mtu !== undefined && { mtu: one.mtu }),
		...(one.dhcp4 && { dhcp4: true }),
		...(one.dhcp6 && { dhcp6: true }),
		...(!isMember(one) && { "accept-ra": one.routerAdvertisements }),
		...(one.addresses.length > 0 && { addresses: one.addresses.map(cidr) }),
		...(one.routes.length > 0 && {
			routes: one.routes.map((route) => ({
				to: destination(route),
				via: route.gateway,
				...(route.onLink && { "on-link": true }),
				...(route.metric !== undefined && { metric: route.metric }),
			})),
		}),
		...((one.dns.length > 0 || one.search.length > 0) && {
			nameservers: {
				...(one.search.length > 0 && { search: one.search }),
				...(one.dns.length > 0 && { addresses: one.dns }),
			},
		}),
	};
}

function describeLink(one: PlannedInterface, warnings: Warning[]): object {
	switch (one.kind) {
		case "physical":
			return { match: { macaddress: one.macAddress } };
		case "bond":
			return { interfaces: one.members, macaddress: one.macAddress, parameters: bondParameters(one, warnings) };
		case "vlan":
			return { id: one.vlanId, link: one.parent, macaddress: one.macAddress };
	}
}

function bondParameters({ options, place }: PlannedBond, warnings: Warning[]): object {
	const { mode, miimon, updelay, downdelay, lacpRate, hashPolicy } = options;
	const known = hashPolicy !== "vlan+srcmac";
	if (!known)
		warnings.push({ place: `${place}/bond_xmit_hash_policy`, reason: "netplan has no vlan+srcmac: left out" });
	return {
		mode,
		...(miimon !== undefined && { "mii-monitor-interval": miimon }),
		...(updelay !== undefined && { "up-delay": updelay }),
		...(downdelay !== undefined && { "down-delay": downdelay }),
		...(lacpRate !== undefined && { "lacp-rate": lacpRate }),
		...(hashPolicy !== undefined && known && { "transmit-hash-policy": hashPolicy }),
	};
}
