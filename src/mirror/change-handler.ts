/** What is read again when a resource may have changed. */
import type { PortFacts } from "../instance/facts.ts";
import { isInstanceNic } from "../source/ownership.ts";
import { contentsOf, type ResourceName } from "../source/resource.ts";
import type { InstanceReads } from "./instance-reads.ts";
import { isKeyValue } from "./keys.ts";
import type { MirrorStore } from "./mirror-store.ts";
import type { ResourceReads } from "./resource-reads.ts";

/** Reads a resource that may have changed, with what depends on it. */
export type ChangeHandler = (name: ResourceName) => Promise<void>;

export function createChangeHandler(
	store: Pick<MirrorStore, "read">,
	reads: ResourceReads,
	instances: InstanceReads,
): ChangeHandler {
	const { byId } = reads;

	async function portsWithIds(ids: readonly string[]): Promise<PortFacts[]> {
		return contentsOf((await store.read([{ kind: "port", ids }])).resources, "port");
	}

	/** The instances that a port is a NIC of, or a subport below. */
	async function devicesOf(port: PortFacts | undefined): Promise<string[]> {
		if (port === undefined) return [];
		if (port.device_owner !== "trunk:subport") return devicesOfNics([port]);
		const { resources } = await store.read([{ kind: "trunk", key: "subport", values: [port.id] }]);
		return devicesOfNics(await portsWithIds(contentsOf(resources, "trunk").map(({ port_id }) => port_id)));
	}

	async function portChanged(name: ResourceName): Promise<void> {
		const [before] = await portsWithIds([name.id]);
		await byId(name, true);
		const [after] = await portsWithIds([name.id]);
		const devices = await devicesOf(after);
		if (hasMoved(before, after)) {
			// The server lists its NICs, and each of them may have a tag.
			const servers = new Set([...devices, ...(await devicesOf(before))]);
			await Promise.all(
				Array.from(servers, async (id) => {
					await Promise.all([byId({ kind: "server", id }), byId({ kind: "server_details", id })]);
				}),
			);
		}
		for (const device of devices) await instances.complete(device);
	}

	async function trunkChanged(name: ResourceName): Promise<void> {
		await byId(name, true);
		const { resources } = await store.read([{ kind: "trunk", ids: [name.id] }]);
		const parents = await portsWithIds(contentsOf(resources, "trunk").map(({ port_id }) => port_id));
		for (const device of devicesOfNics(parents)) await instances.complete(device);
	}

	return async (name) => {
		if (name.kind === "server") return instances.refresh(name.id, "all", Number.NEGATIVE_INFINITY);
		if (name.kind === "port") return portChanged(name);
		if (name.kind === "trunk") return trunkChanged(name);
		return byId(name, true);
	};
}

/** Without devices that no instance can be: a tenant can write any text. */
function devicesOfNics(ports: readonly PortFacts[]): string[] {
	const nics = ports.filter((port) => isInstanceNic(port) && isKeyValue(port.device_id));
	return [...new Set(nics.map(({ device_id }) => device_id.toLowerCase()))];
}

/** Whether the port was plugged into an instance, out of one, or bound to a host. */
function hasMoved(before: PortFacts | undefined, after: PortFacts | undefined): boolean {
	return (
		before?.device_id !== after?.device_id ||
		before?.mac_address !== after?.mac_address ||
		before?.["binding:vif_type"] !== after?.["binding:vif_type"]
	);
}
