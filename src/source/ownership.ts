/**
 * Which ports belong to an instance, and who may act for it: the only home of these rules.
 *
 * A port's `device_id` is free text that any tenant can write (CVE-2013-6419), and so are its addresses on networks of
 * the tenant's own. A port is therefore only a candidate. It is the instance's if it is a NIC and in the instance's project,
 * which only the server itself can prove. Nova applies the same rule (nova/network/neutron.py, `_get_available_networks`
 * and the `tenant_id` filter of every port listing).
 */
import { canonicalMac } from "../instance/addresses.ts";
import { assemble } from "../instance/assemble.ts";
import type { PortGroupFacts } from "../instance/bare-metal-facts.ts";
import type { InstanceFacts, PortFacts, ServerFacts } from "../instance/facts.ts";
import type { Instance, Port, PortPlace } from "../instance/instance.ts";
import { attachedPort, isOnNic, ramdiskPorts } from "../instance/port-group.ts";
import { isIronicPort } from "../instance/port-owner.ts";
import { withoutUndefined } from "../instance/without-undefined.ts";
import type { FactsSource, Owner, PortQuery, Source } from "./source.ts";

/** Evidence that came with a request for an instance's documents. All members must hold for the instance. */
export interface Constraint {
	/** The project that must own the instance. */
	readonly projectId?: string;
	/** Where the request came from: one of the instance's own ports must match. */
	readonly port?: PortQuery;
}

/** The owners of a router's ports on the networks that it serves; its gateway port is another (neutron-lib's list). */
export const ROUTER_INTERFACE_OWNERS: readonly string[] = [
	"network:router_interface",
	"network:router_interface_distributed",
	"network:ha_router_replicated_interface",
];

/**
 * The networks that a query is about: the given one, those of its router, or the given one if the router is on it.
 * Undefined: any.
 *
 * @param ofRouter the ports that name the query's router as their device; none for a query without a router
 */
export function queriedNetworks(
	{ networkId, routerId }: PortQuery,
	ofRouter: readonly Pick<PortFacts, "device_owner" | "network_id">[],
): readonly string[] | undefined {
	if (routerId === undefined) return networkId === undefined ? undefined : [networkId];
	const interfaces = ofRouter.filter(({ device_owner }) => ROUTER_INTERFACE_OWNERS.includes(device_owner));
	const networks = [...new Set(interfaces.map(({ network_id }) => network_id))];
	return networkId === undefined ? networks : networks.filter((network) => network === networkId);
}

type PortCandidate = Pick<PortFacts, "device_owner" | "project_id">;

/** Whether a port is a NIC: Nova's owners are `compute:<zone>`, Ironic's `baremetal:none`, a hand-written inventory's "". */
export function isInstanceNic(port: Pick<PortFacts, "device_owner">): boolean {
	return port.device_owner === "" || /^(compute|baremetal):/.test(port.device_owner);
}

/** Whether ports of several projects claim one instance, so that only its server shows which of them belong to it. */
export function isContested(candidates: readonly PortCandidate[]): boolean {
	return projectsOf(candidates).size > 1;
}

/**
 * The ports that belong to an instance, and its project: the server's or, without a server that names one, the project
 * that all ports agree on. If they disagree, their owner is unknown, and none belongs to the instance.
 *
 * @param candidates ports that name the instance as their device
 */
export function ownPorts<P extends PortCandidate>(
	candidates: readonly P[],
	server: ServerFacts | undefined,
): { readonly ports: readonly P[]; readonly projectId: string | undefined } {
	const nics = candidates.filter(isInstanceNic);
	const [agreed] = projectsOf(nics);
	const projectId = server?.tenant_id ?? (isContested(nics) ? undefined : agreed);
	if (projectId === undefined) return { ports: isContested(nics) ? [] : nics, projectId };
	return { ports: nics.filter(({ project_id }) => (project_id ?? projectId) === projectId), projectId };
}

/**
 * Assembles the instance from its facts, without the ports that merely claim to belong to it. The ports of Ironic's ramdisk
 * are in Ironic's own project; its records of the node name them.
 */
export function assembleOwned(facts: InstanceFacts): Instance {
	const ofRamdisk = ramdiskPorts(facts);
	const candidates = facts.ports.map((port) => (ofRamdisk.has(port.id) ? withoutProject(port) : port));
	const { ports, projectId } = ownPorts(candidates, facts.server);
	return assemble({ ...facts, ports, ...(projectId !== undefined && { projectId }) });
}

/** A port that Ironic's own records prove to be the instance's, whatever its project. */
export function withoutProject<P extends PortFacts>({ project_id: _, ...port }: P): Omit<P, "project_id"> {
	return port;
}

type Holder = Pick<PortGroupFacts, "internal_info" | "extra">;

/** The Neutron port that Ironic has attached to a NIC or bond: nobody else can write `internal_info`. */
export function vifOfIronic(holder: Holder): string | undefined {
	return attachedPort({ ...holder, extra: null });
}

/**
 * A NIC or bond without the port that only its `extra` names. Attachments there are from before 2019, and a tenant that may
 * write its node's ports could name any port of Neutron.
 *
 * @param attached in an inventory, which may be that old: what Ironic has attached. Only a port that is among these is left
 * out. Default: any is
 */
export function withoutClaimedVif<T extends Holder>(holder: T, attached?: ReadonlySet<string>): T {
	if (holder.extra?.vif_port_id === undefined) return holder;
	const isElsewhere = vifOfIronic(holder) === undefined && attached?.has(attachedPort(holder) ?? "");
	if (attached !== undefined && !isElsewhere) return holder;
	const { vif_port_id: _, ...extra } = holder.extra;
	return { ...holder, extra };
}

/** `Source.instance` of a source that has an instance's facts. */
export function instanceFrom(facts: FactsSource["facts"]): Source["instance"] {
	return async (...parameters) => {
		const found = await facts(...parameters);
		return found && assembleOwned(found);
	};
}

/**
 * The owner that a port names. The project of one that Ironic made is not the instance's, so that nothing but the
 * instance's own records can confirm the claim. Undefined if it is not an instance's port, or if port and NIC belong to different
 * projects: any tenant can put a trunk on a port that it sees, and add a subport with any address.
 *
 * @param nic the port itself; for a trunk's subport, which has no device, the trunk's parent port
 */
export function ownerOf(port: PortFacts, nic: PortFacts): Owner | undefined {
	if (!isInstanceNic(nic) || nic.device_id === "" || isContested([port, nic])) return undefined;
	const projectId = isIronicPort(nic) ? undefined : (port.project_id ?? nic.project_id);
	return withoutUndefined<Owner>({ id: nic.device_id.toLowerCase(), projectId, networkId: port.network_id });
}

/** Whether a port is where a query says. Whoever looks up the port resolves the query's router. */
export function matchesQuery(port: PortFacts, { address, macAddress, networkId }: PortQuery): boolean {
	return (
		(networkId === undefined || port.network_id === networkId) &&
		(macAddress === undefined || port.mac_address.toLowerCase() === macAddress) &&
		(address === undefined || port.fixed_ips.some(({ ip_address }) => ip_address === address))
	);
}

/** The MAC address of a query without an address: on bare metal, it may be that of a NIC that has no port of its own. */
export function macAlone({ address, macAddress }: PortQuery): string | undefined {
	return address === undefined ? macAddress : undefined;
}

/**
 * The owners of a bare-metal NIC by its MAC address: a bond's member sends with its own until the bond is up. On a network,
 * these are the owners of the ports there that the NIC or its bond has. Where only the MAC address is asked for, the NIC
 * may have none: it only boots the node.
 *
 * @param facts of the instance on the node: its NICs, and the ports that name it as their device
 * @param networks those that the query is about; undefined: any
 */
export function ownersOfNic(
	{ id, ports, ...hardware }: Pick<InstanceFacts, "id" | "ports" | "bareMetalPorts" | "portGroups">,
	macAddress: string,
	networks: readonly string[] | undefined,
): Owner[] {
	if (!hardware.bareMetalPorts.some(({ address }) => canonicalMac(address) === macAddress)) return [];
	if (networks === undefined) return [{ id, networkId: "" }];
	return ports
		.filter((port) => networks.includes(port.network_id) && isOnNic(port, macAddress, hardware))
		.flatMap((port) => ownerOf(port, port) ?? []);
}

/** Which of the constraints the instance violates first; undefined if it satisfies all of them. */
export function violatedConstraint(
	instance: Instance,
	constraints: readonly Constraint[],
): keyof Constraint | undefined {
	for (const { projectId, port } of constraints) {
		if (projectId !== undefined && instance.projectId !== projectId) return "projectId";
		if (port !== undefined && !hasMatchingPort(instance, port)) return "port";
	}
	return undefined;
}

/**
 * Whether one of the instance's own ports, subports included, is where the query says. On bare metal, the ports of
 * Ironic's ramdisk also count, and a NIC that no port is on where nothing but its address is asked for: the node boots
 * from it.
 */
export function hasMatchingPort(instance: Instance, query: PortQuery): boolean {
	const { address, macAddress = "", networkId } = query;
	if (address === undefined && !networkId && instance.nicAddresses?.includes(macAddress)) return true;
	if (instance.ramdiskPorts?.some((port) => isPlace(port, query))) return true;
	return instance.ports.some(
		(port) => isAt(port, query) || (port.trunk?.subports.some((subport) => isAt(subport.port, query)) ?? false),
	);
}

function isAt(port: Port, { address, macAddress, networkId }: PortQuery): boolean {
	return (
		(networkId === undefined || port.network.id === networkId) &&
		(macAddress === undefined || hasMac(port, macAddress)) &&
		(address === undefined || port.fixedIps.some((fixedIp) => fixedIp.address === address))
	);
}

function isPlace(port: PortPlace, { address, macAddress, networkId }: PortQuery): boolean {
	return (
		(networkId === undefined || port.networkId === networkId) &&
		(macAddress === undefined || port.macAddress === macAddress) &&
		(address === undefined || port.addresses.includes(address))
	);
}

/** A bond's members send with their own addresses until the bond is up. */
function hasMac({ macAddress, portGroup }: Port, wanted: string): boolean {
	return macAddress === wanted || (portGroup?.members.some((member) => member.macAddress === wanted) ?? false);
}

function projectsOf(candidates: readonly PortCandidate[]): Set<string> {
	return new Set(candidates.flatMap(({ project_id }) => project_id ?? []));
}
