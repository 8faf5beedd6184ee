/** The schemas of the operator API. They define its OpenAPI document and filter its responses. */
import Type, { type Static } from "typebox";
import type { FixedIp, Instance, Port } from "../../instance/instance.ts";
import type { ListedFile } from "../../service/list-files.ts";
import type { InstanceSummary } from "../../source/source.ts";

/** An instance's id may be any text in an inventory, and so may those of its project and networks. */
export const MAX_ID_LENGTH = 512;

export const SummarySchema = Type.Object({
	id: Type.String(),
	name: Type.String(),
	projectId: Type.Optional(Type.String()),
});

const AddressSchema = Type.Object({ address: Type.String(), subnetId: Type.String() });

const portMembers = {
	id: Type.String(),
	macAddress: Type.String(),
	networkId: Type.String(),
	networkName: Type.String(),
	mtu: Type.Optional(Type.Integer()),
	addresses: Type.Array(AddressSchema),
};

const SubportSchema = Type.Object({ ...portMembers, vlanId: Type.Integer() });

const PortSchema = Type.Object({
	...portMembers,
	plugged: Type.Boolean({ description: "Whether the NIC is plugged into the guest" }),
	vifType: Type.Optional(Type.String()),
	subports: Type.Array(SubportSchema),
});

const DocumentSchema = Type.Object({
	path: Type.String({ description: "Below /api/instances/{id}/tree/" }),
	bytes: Type.Integer(),
});

export const InstanceSchema = Type.Object({
	id: Type.String(),
	name: Type.String(),
	projectId: Type.Optional(Type.String()),
	created: Type.Optional(Type.String()),
	ports: Type.Array(PortSchema, { description: "In NIC order" }),
	documents: Type.Array(DocumentSchema),
});

export const ProblemSchema = Type.Object({ message: Type.String() });

export const IdParamsSchema = Type.Object({ id: Type.String({ description: "The instance's id" }) });

export type InstanceDetails = Static<typeof InstanceSchema>;

export function summaryOf({ id, name, projectId }: InstanceSummary): Static<typeof SummarySchema> {
	return { id, name, ...(projectId !== undefined && { projectId }) };
}

export function detailsOf(instance: Instance, documents: ListedFile[]): InstanceDetails {
	const { id, projectId, server, ports } = instance;
	return {
		id,
		name: server?.name ?? id,
		...(projectId !== undefined && { projectId }),
		...(server?.created !== undefined && { created: server.created }),
		ports: ports.map((port) => ({
			...portOf(port),
			plugged: port.plugged,
			...(port.vifType !== undefined && { vifType: port.vifType }),
			subports: (port.trunk?.subports ?? []).map(({ vlanId, port: subport }) => ({ ...portOf(subport), vlanId })),
		})),
		documents,
	};
}

function portOf({ id, macAddress, network, fixedIps }: Port) {
	return {
		id,
		macAddress,
		networkId: network.id,
		networkName: network.name,
		...(network.mtu !== undefined && { mtu: network.mtu }),
		addresses: fixedIps.flatMap(({ address, subnet }: FixedIp) => (address ? [{ address, subnetId: subnet.id }] : [])),
	};
}
