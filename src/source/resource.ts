/** The resources that documents are built from, as a remote source returns them and the mirror stores them. */

import type { BareMetalNodeFacts, BareMetalPortFacts, PortGroupFacts } from "../instance/bare-metal-facts.ts";
import type {
	FloatingIpFacts,
	InterfaceAttachmentFacts,
	KeypairFacts,
	NetworkFacts,
	PortFacts,
	SecurityGroupFacts,
	ServerFacts,
	ShareFacts,
	SubnetFacts,
	TrunkFacts,
	VolumeAttachmentFacts,
} from "../instance/facts.ts";

/** What only API calls for one server return. Its id is the server's. */
export interface ServerDetails {
	readonly dedicatedCpus?: readonly number[];
	readonly interfaceAttachments: readonly InterfaceAttachmentFacts[];
	readonly shares?: readonly ShareFacts[];
	readonly volumeAttachments: readonly VolumeAttachmentFacts[];
}

/** The content of each kind. Ids of servers are lower case; ids of key pairs are written by `keypairId`. */
export interface ResourceContents {
	readonly server: ServerFacts;
	readonly server_details: ServerDetails;
	readonly keypair: KeypairFacts;
	readonly port: PortFacts;
	readonly network: NetworkFacts;
	readonly subnet: SubnetFacts;
	readonly trunk: TrunkFacts;
	readonly floatingip: FloatingIpFacts;
	readonly security_group: SecurityGroupFacts;
	readonly baremetal_node: BareMetalNodeFacts;
	readonly baremetal_port: BareMetalPortFacts;
	readonly portgroup: PortGroupFacts;
}

export type ResourceKind = keyof ResourceContents;

/** The kinds that have no listings: a resource of them is only read by its id. */
export const UNLISTED_KINDS = ["server_details", "keypair"] as const satisfies readonly ResourceKind[];

export interface ResourceName {
	readonly kind: ResourceKind;
	readonly id: string;
}

/** A name as one text, to look it up by. */
export const textOfName = ({ kind, id }: ResourceName) => `${kind} ${id}`;

/** A resource; `kind` says which. */
export type Resource<Kind extends ResourceKind = ResourceKind> = {
	[K in Kind]: {
		readonly kind: K;
		readonly id: string;
		/** Neutron's `revision_number`. Absent for resources that have none. */
		readonly revision?: number;
		/** When the request that returned it was sent, in milliseconds since 1970. Newer content replaces older. */
		readonly requestedAt: number;
		readonly content: ResourceContents[K];
	};
}[Kind];

/** The contents of one kind, in their order. */
export function contentsOf<Kind extends ResourceKind>(
	resources: Iterable<Resource>,
	kind: Kind,
): ResourceContents[Kind][] {
	const found = Array.from(resources).filter((resource) => resource.kind === kind);
	return found.map(({ content }) => content as ResourceContents[Kind]);
}
