/** What ports are connected to, as Neutron knows it. */
import { GuestwireError } from "../../errors.ts";
import type { InstanceFacts, PortFacts, TrunkFacts } from "../../instance/facts.ts";
import type { Neutron, PortAnswer } from "./neutron.ts";

export interface WiringSources {
	readonly neutron: Neutron;
	/** Whether the DHCP servers' own ports are wanted: only profile nova needs them. */
	readonly dhcpPorts: boolean;
}

export type Wiring = Pick<InstanceFacts, "ports" | "subports" | "trunks" | "networks" | "subnets" | "dhcpPorts">;

/** The ports with what they are connected to. */
export async function gatherWiring(
	answers: readonly PortAnswer[],
	{ neutron, dhcpPorts }: WiringSources,
): Promise<Wiring> {
	const ports = answers.map(({ trunk_details: _, ...port }) => port);
	const placesOf = (some: readonly PortFacts[]) =>
		Promise.all([
			each(
				neutron.network,
				some.map(({ network_id }) => network_id),
			),
			each(
				neutron.subnet,
				some.flatMap(({ fixed_ips }) => fixed_ips.map(({ subnet_id }) => subnet_id)),
			),
		]);
	const networkIds = ports.map(({ network_id }) => network_id);
	const [[networks, subnets], subports, trunks, servers] = await Promise.all([
		placesOf(ports),
		each(neutron.port, subportIds(answers)),
		trunksOf(answers, neutron),
		dhcpPorts ? each(neutron.dhcpPortsOfNetwork, networkIds) : [],
	]);
	const [moreNetworks, moreSubnets] = await placesOf(subports);
	return {
		ports,
		subports,
		trunks,
		networks: [...new Set([...networks, ...moreNetworks])],
		subnets: [...new Set([...subnets, ...moreSubnets])],
		dhcpPorts: servers,
	};
}

/** Each port's trunk. One that Neutron does not return was just deleted, or is hidden from the user. */
async function trunksOf(ports: readonly PortAnswer[], neutron: Neutron): Promise<TrunkFacts[]> {
	const trunks = await each(neutron.trunk, trunkIds(ports));
	const found = new Set(trunks.map(({ id }) => id));
	const missing = ports.filter((port) => trunkIds([port]).some((id) => !found.has(id)));
	const still = trunkIds(
		await each(
			neutron.portsOfDevice,
			missing.map(({ device_id }) => device_id),
		),
	);
	const hidden = trunkIds(missing).find((id) => still.includes(id));
	if (hidden === undefined) return trunks;
	throw new GuestwireError(
		"cloud-answer",
		`Neutron does not show trunk ${hidden}, which a port names: grant the user get_trunk, see docs/openstack.md`,
	);
}

function trunkIds(ports: readonly PortAnswer[]): string[] {
	return ports.flatMap(({ trunk_details }) => trunk_details?.trunk_id ?? []);
}

export function subportIds(ports: readonly PortAnswer[]): string[] {
	return ports.flatMap(({ trunk_details }) => trunk_details?.sub_ports.map(({ port_id }) => port_id) ?? []);
}

/** Looks up each distinct value, and returns the results in order. */
export async function each<T>(find: (value: string) => Promise<readonly T[]>, values: readonly string[]): Promise<T[]> {
	return (await Promise.all([...new Set(values)].map(find))).flat();
}
