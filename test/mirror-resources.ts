/** Resources as a watcher would store them, from one instance's facts. */
import type { InstanceFacts } from "../src/instance/facts.ts";
import type { Resource } from "../src/source/resource.ts";
import { keypairId } from "../src/source/source.ts";

export function resourcesOf(facts: InstanceFacts, requestedAt: number): Resource[] {
	const { id, server, keypairs = [], dedicatedCpus, interfaceAttachments, volumeAttachments } = facts;
	const resource = <Kind extends Resource["kind"]>(kind: Kind) => {
		return (content: Resource<Kind>["content"] & { id?: string; uuid?: string }) =>
			({ kind, id: content.id ?? content.uuid ?? id, requestedAt, content }) as unknown as Resource;
	};
	const details = { ...(dedicatedCpus && { dedicatedCpus }), interfaceAttachments, volumeAttachments };
	return [
		...(server ? [resource("server")(server)] : []),
		resource("server_details")(details),
		...keypairs.map((keypair) => ({
			...resource("keypair")(keypair),
			id: keypairId(server?.user_id ?? "", keypair.name),
		})),
		...[...facts.ports, ...facts.subports, ...facts.dhcpPorts].map(resource("port")),
		...facts.trunks.map(resource("trunk")),
		...facts.networks.map(resource("network")),
		...facts.subnets.map(resource("subnet")),
		...facts.floatingIps.map(resource("floatingip")),
		...facts.securityGroups.map(resource("security_group")),
		...facts.bareMetalPorts.map(resource("baremetal_port")),
		...facts.portGroups.map(resource("portgroup")),
	] as Resource[];
}
