/**
 * Where cloud-init means something else than we do by the same document, and is wrong: each with the report of it.
 * `GH` numbers are of https://github.com/canonical/cloud-init.
 */
import type { CloudInitFormat } from "../system/cloud-init.ts";
import type { Meaning, Meanings } from "./meaning.ts";

export interface Difference {
	readonly what: string;
	readonly report: string;
	readonly formats: readonly CloudInitFormat[];
	/** The first version without the difference. */
	readonly fixedIn?: string;
	/** Changes our meaning to cloud-init's where they differ in this way; may also normalize theirs. */
	level(ours: Meanings, theirs: Meanings): void;
}

const all: readonly CloudInitFormat[] = ["eni", "netplan", "network-manager", "networkd", "sysconfig"];

/** Pairs of the interfaces that both sides have. */
function pairs(ours: Meanings, theirs: Meanings): [Meaning, Meaning][] {
	return [...ours].flatMap(([name, one]) => {
		const other = theirs.get(name);
		return other === undefined ? [] : [[one, other] as [Meaning, Meaning]];
	});
}

const isStatic = (meaning: Meaning) => meaning.addresses.size > 0;

/** Replaces a member of ours by theirs where a condition holds. */
const takes =
	(key: keyof Meaning, condition: (ours: Meaning, theirs: Meaning) => boolean) =>
	(ours: Meanings, theirs: Meanings) => {
		for (const [mine, its] of pairs(ours, theirs)) {
			if (!condition(mine, its)) continue;
			if (its[key] === undefined) delete mine[key];
			else Object.assign(mine, { [key]: its[key] });
		}
	};

export const DIFFERENCES: readonly Difference[] = [
	{
		what: "knows name servers of the host alone: every link has all of them",
		report: "GH-5386",
		formats: ["eni", "netplan", "networkd", "sysconfig"],
		fixedIn: "24.3",
		level: (ours, theirs) => {
			const union = new Set([...ours.values()].flatMap(({ dns }) => [...dns]));
			for (const meaning of ours.values()) meaning.dns = union;
			const told = new Set([...theirs.values()].flatMap(({ dns }) => [...dns]));
			for (const meaning of theirs.values()) meaning.dns = told;
		},
	},
	{
		what: "gives no name server to an interface with search domains",
		report: "GH-5386",
		formats: ["netplan"],
		fixedIn: "24.3",
		level: (ours, theirs) => {
			const nobody = [...theirs.values()].every(({ dns }) => dns.size === 0);
			if (!nobody || ![...ours.values()].some(({ search }) => search.size > 0)) return;
			for (const meaning of ours.values()) meaning.dns = new Set();
		},
	},
	{
		what: "gives no name server to a host without a static address",
		report: "GH-3997",
		formats: ["netplan"],
		level: (ours, theirs) => {
			if ([...theirs.values()].some(isStatic)) return;
			for (const meaning of ours.values()) meaning.dns = new Set();
		},
	},
	{
		what: "drops the name servers of a document without dns_nameservers",
		report: "GH-4097",
		formats: ["network-manager"],
		fixedIn: "24.1",
		level: takes("dns", (_, { dns }) => dns.size === 0),
	},
	{
		what: "takes routes from static networks alone",
		report: "GH-3997 (the same lines skip name servers)",
		formats: ["netplan"],
		level: (ours) => {
			for (const meaning of ours.values()) {
				const versions = new Set([...meaning.addresses].map((address) => address.includes(":")));
				meaning.routes = meaning.routes.filter(({ to }) => versions.has(to.includes(":")));
			}
		},
	},
	{
		what: "takes SLAAC for DHCPv6",
		report: "GH-6847",
		formats: ["netplan"],
		level: takes("dhcp6", ({ ra, dhcp6 }, theirs) => ra === true && !dhcp6 && theirs.dhcp6),
	},
	{
		what: "disables DHCPv6 where the subnet has a mode",
		report: "GH-6859",
		formats: ["networkd"],
		level: takes("dhcp6", (ours, { dhcp6 }) => ours.dhcp6 && !dhcp6),
	},
	{
		what: "drops stateless DHCPv6 from all but an interface's first network",
		report: "GH-2791 (since its fix)",
		formats: ["eni"],
		level: takes("dhcp6", (ours, theirs) => ours.dhcp6 && !theirs.dhcp6 && isStatic(ours)),
	},
	{
		what: "enables DHCPv4 with stateful DHCPv6",
		report: "GH-4395",
		formats: ["sysconfig"],
		fixedIn: "23.4",
		level: takes("dhcp4", ({ dhcp6 }, { dhcp4 }) => dhcp6 && dhcp4),
	},
	{
		what: "creates neither VLANs nor bonds",
		report: "GH-6534",
		formats: ["networkd"],
		fixedIn: "26.1",
		level: (ours, theirs) => {
			takes("vlan", () => true)(ours, theirs);
			takes("bond", () => true)(ours, theirs);
			takes("memberOf", () => true)(ours, theirs);
		},
	},
	{
		what: "drops the MAC address and the MTU of VLANs and bonds",
		report: "GH-7027",
		formats: ["network-manager"],
		level: (ours, theirs) => {
			const isMade = ({ vlan, bond }: Meaning) => vlan !== undefined || bond !== undefined;
			takes("mac", isMade)(ours, theirs);
			takes("mtu", isMade)(ours, theirs);
		},
	},
	{
		what: "drops the options of bonds",
		report: "GH-6932",
		formats: ["network-manager"],
		level: takes("bond", ({ bond }) => bond !== undefined),
	},
	{
		what: "drops the MAC address of VLANs",
		report: "GH-2886 (mended for netplan alone)",
		formats: ["sysconfig"],
		level: takes("mac", ({ vlan }, { mac }) => vlan !== undefined && mac === undefined),
	},
	{
		what: "doesn't declare a gateway off the subnet reachable",
		report: "GH-5523",
		formats: all,
		level: (ours) => {
			for (const meaning of ours.values()) meaning.routes = meaning.routes.map((one) => ({ ...one, onLink: false }));
		},
	},
];
