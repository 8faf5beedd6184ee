import type { BareMetalNodeFacts } from "../../instance/bare-metal-facts.ts";
import type { InstanceFacts } from "../../instance/facts.ts";
import type { Resource, ResourceContents, ResourceKind, ServerDetails } from "../resource.ts";
import { keypairId } from "../source.ts";

const NO_DETAILS: ServerDetails = { interfaceAttachments: [], volumeAttachments: [] };

/** A node's facts as resources, as the sources of OpenStack have them. */
export function resourcesOfNode(node: BareMetalNodeFacts, facts: InstanceFacts, requestedAt: number): Resource[] {
	const of = <Kind extends ResourceKind>(kind: Kind, id: string, content: ResourceContents[Kind]) =>
		({ kind, id, requestedAt, content }) as Resource;
	const { id, server } = facts;
	return [
		...(server ? [of("server", id, server), of("server_details", id, NO_DETAILS)] : []),
		...(facts.keypairs ?? []).map((pair) => of("keypair", keypairId(pair.user_id ?? "", pair.name), pair)),
		...[...facts.ports, ...facts.subports].map((port) => of("port", port.id, port)),
		...facts.networks.map((network) => of("network", network.id, network)),
		...facts.subnets.map((subnet) => of("subnet", subnet.id, subnet)),
		...facts.trunks.map((trunk) => of("trunk", trunk.id, trunk)),
		// Found by the instance's id, also where Ironic names no instance.
		of("baremetal_node", node.uuid, { ...node, instance_uuid: id }),
		...facts.bareMetalPorts.map((port) => of("baremetal_port", port.uuid, port)),
		...facts.portGroups.map((group) => of("portgroup", group.uuid, group)),
	];
}
