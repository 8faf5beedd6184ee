import type { Remark } from "../documents/reading.ts";
import { BOND_DEFAULTS, type BondOption } from "../instance/bonding.ts";
import { optionsFor } from "./lacking-options.ts";
import { isOfNetworkd } from "./networkd.ts";
import { isMember, type PlannedBond, type PlannedInterface, ROUTER_METRIC } from "./plan.ts";
import type { Renderer } from "./renderer.ts";
import { cidr, destination, yaml } from "./text.ts";

/** Network configuration version 2. https://netplan.readthedocs.io/en/stable/netplan-yaml/ */
export const netplan: Renderer = (plan) => {
	const { network, remarks } = networkVersion2(plan.interfaces);
	// Netplan complains about a file that others may read: it may hold secrets.
	return { files: [{ path: "etc/netplan/50-guestwire.yaml", mode: 0o600, text: yaml({ network }) }], remarks };
};

const GROUPS = { physical: "ethernets", bond: "bonds", vlan: "vlans" } as const;

/** The content of netplan's `network` key, and of cloud-init's `network-config`, version 2. */
export function networkVersion2(interfaces: readonly PlannedInterface[]): { network: object; remarks: Remark[] } {
	const remarks: Remark[] = [];
	const network: Record<string, unknown> & { version: 2 } = { version: 2 };
	for (const [kind, members] of Map.groupBy(interfaces, ({ kind }) => kind)) {
		network[GROUPS[kind]] = Object.fromEntries(members.map((one) => [one.name, describe(one, remarks)]));
	}
	return { network, remarks };
}

function describe(one: PlannedInterface, remarks: Remark[]): object {
	return {
		...describeLink(one, remarks),
		...(one.mtu !== undefined && { mtu: one.mtu }),
		...(one.dhcp4 && { dhcp4: true }),
		...(one.dhcp6 && { dhcp6: true }),
		...dhcpOverrides(one, remarks),
		...(!isMember(one) && { "accept-ra": one.routerAdvertisements }),
		...(one.addresses.length > 0 && { addresses: one.addresses.map(cidr) }),
		...(one.routes.length > 0 && {
			routes: one.routes.map((route) => ({
				to: destination(route),
				...(route.gateway === undefined ? { scope: "link" } : { via: route.gateway }),
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

function describeLink(one: PlannedInterface, remarks: Remark[]): object {
	switch (one.kind) {
		case "physical":
			// Without a match, the key is the NIC's name.
			return one.macAddress === undefined ? {} : { match: { macaddress: one.macAddress } };
		case "bond":
			return { interfaces: one.members, ...macOf(one), parameters: bondParameters(one, remarks) };
		case "vlan":
			return { id: one.vlanId, link: one.parent, ...macOf(one) };
	}
}

function macOf({ macAddress }: PlannedInterface): object {
	return macAddress === undefined ? {} : { macaddress: macAddress };
}

/** netplan wants the same values for both IP versions. It can't rank routes of router advertisements without DHCPv6. */
function dhcpOverrides(one: PlannedInterface, remarks: Remark[]): object {
	const { learnedMetrics: { ipv4, ipv6: given } = {}, dhcp4, dhcp6, pointer } = one;
	// What a router's routes have anyway takes IPv4's metric.
	const ipv6 = given === ROUTER_METRIC && (ipv4 !== undefined || !dhcp6) ? undefined : given;
	if (ipv4 === undefined && ipv6 === undefined) return {};
	const metric = Math.max(ipv4 ?? 0, ipv6 ?? 0);
	if (ipv6 !== undefined && !dhcp6 && !dhcp4) {
		remarks.push({
			pointer,
			reason: "netplan can't rank the default routes of router advertisements on several links",
		});
	}
	if (ipv4 !== undefined && (dhcp6 ? given : ipv6) !== undefined && ipv4 !== given) {
		const reason = `netplan has one metric for DHCP of both IP versions: it is ${metric}`;
		remarks.push({ pointer, reason, value: JSON.stringify({ ipv4, ipv6: given }) });
	}
	const overrides = { "route-metric": metric };
	return { ...(dhcp4 && { "dhcp4-overrides": overrides }), ...(dhcp6 && { "dhcp6-overrides": overrides }) };
}

/** netplan 0.106 has them, by their older names. */
const PARAMETERS: Readonly<Partial<Record<BondOption, string>>> = {
	ad_select: "ad-select",
	all_slaves_active: "all-slaves-active",
	arp_all_targets: "arp-all-targets",
	arp_validate: "arp-validate",
	fail_over_mac: "fail-over-mac-policy",
	min_links: "min-links",
	num_grat_arp: "gratuitous-arp",
	packets_per_slave: "packets-per-slave",
	primary_reselect: "primary-reselect-policy",
	resend_igmp: "resend-igmp",
	xmit_hash_policy: "transmit-hash-policy",
};

/** It does not write the number 0 (write_bond_parameters in networkd.c). */
function isOfNetplan(option: BondOption, value: string): boolean {
	const isWritten = value !== "0" || value === BOND_DEFAULTS[option];
	return PARAMETERS[option] !== undefined && isOfNetworkd(option, value) && isWritten;
}

function bondParameters(bond: PlannedBond, remarks: Remark[]): object {
	const options = optionsFor(bond, "netplan", isOfNetplan, remarks);
	const { mode, miimon, arp, updelay, downdelay, lacpRate, hashPolicy, primary, further } = options;
	const entries = Object.entries(further) as [BondOption, string][];
	return {
		mode,
		...(miimon !== undefined && { "mii-monitor-interval": miimon }),
		...(arp && { "arp-interval": arp.interval, "arp-ip-targets": arp.targets }),
		...(updelay !== undefined && { "up-delay": updelay }),
		...(downdelay !== undefined && { "down-delay": downdelay }),
		...(lacpRate !== undefined && { "lacp-rate": lacpRate }),
		...(hashPolicy !== undefined && { "transmit-hash-policy": hashPolicy }),
		...(primary && { primary: primary.name }),
		...Object.fromEntries(entries.map(([option, value]) => [PARAMETERS[option], parameterValue(option, value)])),
	};
}

function parameterValue(option: BondOption, value: string): string | number | boolean {
	if (option === "all_slaves_active") return value === "1";
	return /^\d+$/.test(value) ? Number(value) : value;
}
