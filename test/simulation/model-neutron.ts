/** Changes of Neutron's that change other resources too, without a message about those. */
import type { PortFacts, SecurityGroupFacts, SubnetFacts } from "../../src/instance/facts.ts";
import type { ModelRecords } from "./model-records.ts";
import type { Random } from "./scheduler.ts";

export interface ModelNeutron {
	/** The addresses of a network's subnets with automatic ones. */
	automaticAddresses(network: string, mac: string): PortFacts["fixed_ips"];
	createSubnet(): void;
	deleteSubnet(): void;
	createGroup(): void;
	deleteGroup(): void;
	changeGroups(): void;
}

export interface ModelNeutronOptions {
	readonly random: Random;
	readonly records: ModelRecords;
	readonly nextId: (prefix: string) => string;
	readonly networks: readonly string[];
	readonly tenants: readonly string[];
}

/** Groups of a tenant beside its first. */
const MOST_GROUPS = 2;

export function createModelNeutron(options: ModelNeutronOptions): ModelNeutron {
	const { random, records, nextId, networks, tenants } = options;
	const { all, put, putSilently, remove } = records;

	const anyOf = <T>(some: readonly T[]): T | undefined => (some.length === 0 ? undefined : random.pick(some));
	const automatic = () => all("subnet").filter(({ ipv6_address_mode }) => ipv6_address_mode === "slaac");
	const addressOf = ({ id, network_id }: SubnetFacts, mac: string): PortFacts["fixed_ips"][number] => {
		const [, , , , high, low] = mac.split(":");
		const host = Number(`${high}${low}`);
		return { subnet_id: id, ip_address: `2001:db8:${network_id.at(-1)}:0:f816:3eff:fe00:${host}` };
	};
	const automaticAddresses = (network: string, mac: string) =>
		automatic()
			.filter(({ network_id }) => network_id === network)
			.map((subnet) => addressOf(subnet, mac));

	/** The ports get their addresses from Neutron itself. */
	function createSubnet(): void {
		const network = random.pick(networks);
		if (automaticAddresses(network, "").length > 0) return;
		const id = nextId("subnet");
		const cidr = `2001:db8:${network.at(-1)}::/64`;
		const subnet: SubnetFacts = {
			...{ id, name: "", network_id: network, ip_version: 6, cidr, gateway_ip: null, enable_dhcp: true },
			...{ ipv6_ra_mode: "slaac", ipv6_address_mode: "slaac", dns_nameservers: [], host_routes: [], tags: [] },
		};
		for (const port of all("port").filter(({ network_id }) => network_id === network)) {
			const fixed_ips = [...port.fixed_ips, addressOf(subnet, port.mac_address)];
			putSilently("port", port.id, { ...port, fixed_ips });
		}
		put("subnet", id, subnet);
	}

	function deleteSubnet(): void {
		const subnet = anyOf(automatic());
		if (subnet === undefined) return;
		for (const port of all("port")) {
			const fixed_ips = port.fixed_ips.filter(({ subnet_id }) => subnet_id !== subnet.id);
			if (fixed_ips.length < port.fixed_ips.length) putSilently("port", port.id, { ...port, fixed_ips });
		}
		remove("subnet", subnet.id);
	}

	const others = (tenant: string) =>
		all("security_group").filter(({ id }) => id.endsWith(`-${tenant}`) && id !== `group-${tenant}`);

	/** Another group, which the tenant's first one may name. */
	function createGroup(): void {
		const tenant = random.pick(tenants);
		if (others(tenant).length >= MOST_GROUPS) return;
		const group: SecurityGroupFacts = { id: `${nextId("group")}-${tenant}`, name: "", security_group_rules: [] };
		put("security_group", group.id, group);
		const first = all("security_group").find(({ id }) => id === `group-${tenant}`);
		if (first === undefined || random.chance(0.3)) return;
		const rule = { id: nextId("rule"), direction: "ingress", remote_group_id: group.id };
		put("security_group", first.id, { ...first, security_group_rules: [...first.security_group_rules, rule] });
	}

	/** Neutron refuses it while a port has the group, and deletes the rules that name it. */
	function deleteGroup(): void {
		const used = new Set(all("port").flatMap(({ security_groups }) => security_groups));
		const group = anyOf(tenants.flatMap(others).filter(({ id }) => !used.has(id)));
		if (group === undefined) return;
		for (const other of all("security_group")) {
			const rules = other.security_group_rules.filter(({ remote_group_id }) => remote_group_id !== group.id);
			if (rules.length === other.security_group_rules.length) continue;
			putSilently("security_group", other.id, { ...other, security_group_rules: rules });
		}
		remove("security_group", group.id);
	}

	function changeGroups(): void {
		const port = anyOf(all("port"));
		const [first = "", ...more] = port?.security_groups ?? [];
		if (port === undefined) return;
		const added = more.length > 0 ? [] : others(port.project_id ?? "").map(({ id }) => id);
		put("port", port.id, { ...port, security_groups: [first, ...added] });
	}

	return { automaticAddresses, createSubnet, deleteSubnet, createGroup, deleteGroup, changeGroups };
}
