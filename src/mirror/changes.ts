/** From changed resources of the mirror to the changes that a source reports. */
import { canonicalAddress, canonicalMac } from "../instance/addresses.ts";
import type { PortFacts } from "../instance/facts.ts";
import { isDhcpPort } from "../instance/port-owner.ts";
import { isInstanceNic, ROUTER_INTERFACE_OWNERS } from "../source/ownership.ts";
import { contentsOf, type Resource, type ResourceKind, type ResourceName } from "../source/resource.ts";
import type { Change, ChangeKind } from "../source/source.ts";
import { chunks } from "../store/chunks.ts";
import { belongsToOthers } from "./keys.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { selectorsOf } from "./selectors.ts";

/** Kinds whose change concerns nothing else, with the kind that a source reports. */
const KINDS: Readonly<Partial<Record<ResourceKind, ChangeKind>>> = {
	server: "server",
	server_details: "server",
	keypair: "keypair",
	port: "port",
	network: "network",
	subnet: "subnet",
	trunk: "trunk",
	floatingip: "floatingip",
	security_group: "security_group",
};

/** Resources read at a time. */
const CHUNK = 500;

/**
 * The changes, and those of the resources that the changed ones joined: a port also changes its instance and its
 * addresses, a trunk or a floating IP also its port. What a resource has left needs no change of its own: it depends on
 * the resource until then.
 */
export async function changesOf(store: Pick<MirrorStore, "read">, names: readonly ResourceName[]): Promise<Change[]> {
	const ids = new Map<ChangeKind, Set<string>>();
	const add = (kind: ChangeKind, id: string | null | undefined) => {
		if (!id) return;
		const some = ids.get(kind) ?? new Set();
		ids.set(kind, some.add(id));
	};
	for (const { kind, id } of names) {
		const own = KINDS[kind];
		if (own !== undefined) add(own, id);
	}
	const joining = names.filter(({ kind }) => belongsToOthers(kind));
	for (let at = 0; at < joining.length; at += CHUNK) {
		const { resources } = await store.read(selectorsOf(joining.slice(at, at + CHUNK)));
		for (const resource of resources) addJoined(resource, add);
		await addBareMetal(resources, store, add);
		await addSubports(resources, store, add);
	}
	return Array.from(ids, ([kind, some]) => ({ kind, ids: [...some] }));
}

type Add = (kind: ChangeKind, id: string | null | undefined) => void;

function addJoined(resource: Resource, add: Add): void {
	if (resource.kind === "port") addPort(resource.content, add);
	if (resource.kind === "floatingip") add("port", resource.content.port_id);
	if (resource.kind === "trunk") {
		add("port", resource.content.port_id);
		for (const { port_id } of resource.content.sub_ports) add("port", port_id);
	}
	if (resource.kind === "baremetal_node") add("server", resource.content.instance_uuid?.toLowerCase());
}

function addPort(port: PortFacts, add: Add): void {
	if (isInstanceNic(port)) add("server", port.device_id.toLowerCase());
	if (isDhcpPort(port)) add("network", port.network_id);
	if (ROUTER_INTERFACE_OWNERS.includes(port.device_owner)) add("router", port.device_id.toLowerCase());
	addAddresses(port, add);
}

function addAddresses(port: PortFacts, add: Add): void {
	add("address", canonicalMac(port.mac_address));
	for (const { ip_address } of port.fixed_ips) add("address", canonicalAddress(ip_address));
}

async function addBareMetal(resources: readonly Resource[], store: Pick<MirrorStore, "read">, add: Add): Promise<void> {
	const nics = [...contentsOf(resources, "baremetal_port"), ...contentsOf(resources, "portgroup")];
	if (nics.length === 0) return;
	const nodes = await store.read([
		{ kind: "baremetal_node", ids: [...new Set(nics.map(({ node_uuid }) => node_uuid))] },
	]);
	for (const node of nodes.resources) addJoined(node, add);
}

/** A subport has an owner once it joins a trunk, and its trunk's port an instance. */
async function addSubports(resources: readonly Resource[], store: Pick<MirrorStore, "read">, add: Add): Promise<void> {
	const parents = contentsOf(resources, "port").map(({ id }) => id);
	const ofParents = await store.read([{ kind: "trunk", key: "port", values: parents }]);
	const trunks = [...contentsOf(resources, "trunk"), ...contentsOf(ofParents.resources, "trunk")];
	const subports = new Set(trunks.flatMap(({ sub_ports }) => sub_ports.map(({ port_id }) => port_id)));
	// A trunk may have thousands.
	for (const ids of chunks([...subports])) {
		const ports = await store.read([{ kind: "port", ids }]);
		for (const port of contentsOf(ports.resources, "port")) addAddresses(port, add);
	}
}
