/** Neutron's resources, read in bulk. https://docs.openstack.org/api-ref/network/v2/ */
import Type from "typebox";
import {
	FloatingIpFacts,
	NetworkFacts,
	PortFacts,
	SecurityGroupFacts,
	SubnetFacts,
	TrunkFacts,
} from "../../instance/facts.ts";
import type { FoundResources, Reference, ResourceReader } from "../remote-source.ts";
import type { Resource, ResourceKind } from "../resource.ts";
import { reader } from "./answers.ts";
import { type Answered, type Api, firstPage, type ListingPage, notThere } from "./api.ts";
import type { Neutron } from "./neutron.ts";
import type { Query } from "./query.ts";
import { foundResources, loadAfter, markerAfter, recordId, sortRecords, unreadable } from "./resources.ts";

/** Each kind's collection, and for collections that not every Neutron has, the alias of the extension. */
const KINDS = {
	network: { collection: "networks", read: reader(NetworkFacts) },
	subnet: { collection: "subnets", read: reader(SubnetFacts) },
	port: { collection: "ports", read: reader(PortFacts) },
	trunk: { collection: "trunks", read: reader(TrunkFacts), extension: "trunk" },
	security_group: { collection: "security_groups", read: reader(SecurityGroupFacts), extension: "security-group" },
	floatingip: { collection: "floatingips", read: reader(FloatingIpFacts), extension: "router" },
} as const;
export type NetworkKind = keyof typeof KINDS;

export const NETWORK_KINDS = Object.keys(KINDS) as readonly NetworkKind[];

export const isNetworkKind = (kind: ResourceKind): kind is NetworkKind => Object.hasOwn(KINDS, kind);

const REVISIONS: Query = [
	["fields", "id"],
	["fields", "revision_number"],
];

const REFERENCES: Readonly<Record<Reference, { kind: NetworkKind; by: string; also?: Query }>> = {
	"ports of devices": { kind: "port", by: "device_id" },
	"DHCP ports of networks": { kind: "port", by: "network_id", also: [["device_owner", "network:dhcp"]] },
	"trunks of ports": { kind: "trunk", by: "port_id" },
	"floating IPs of ports": { kind: "floatingip", by: "port_id" },
};

const readRevision = reader(Type.Object({ id: Type.String(), revision_number: Type.Optional(Type.Integer()) }));
const readAlias = reader(Type.Object({ alias: Type.String() }));

/** `ResourceReader` for Neutron's kinds. */
export interface NetworkResources {
	page(kind: NetworkKind, ...rest: Rest<"page">): ReturnType<ResourceReader["page"]>;
	revisionPage(kind: NetworkKind, ...rest: Rest<"revisionPage">): ReturnType<ResourceReader["revisionPage"]>;
	byId(kind: NetworkKind, ids: readonly string[]): Promise<FoundResources>;
	referringTo(reference: Reference, ids: readonly string[]): Promise<FoundResources>;
}
type Rest<Method extends "page" | "revisionPage"> = [options: Parameters<ResourceReader[Method]>[1]];

export function createNetworkResources(api: Api, neutron: Neutron): NetworkResources {
	async function load(kind: NetworkKind, query: Query, isFirst: boolean): Promise<ListingPage> {
		const { collection, ...more } = KINDS[kind];
		const path = `/${collection.replaceAll("_", "-")}`;
		const found = await api.page(path, collection, query);
		if (found !== undefined) return found;
		if (isFirst && "extension" in more && (await lacks(more.extension)))
			return { items: [], next: undefined, where: path };
		throw notThere(path);
	}

	/** A 404 may also come from a proxy while the cloud is being changed: only the list of extensions proves it. */
	async function lacks(extension: string): Promise<boolean> {
		const extensions = await firstPage(api, "/extensions", "extensions", []);
		return extensions.every(({ value, where }) => readAlias(value, where).alias !== extension);
	}

	const listPage = (kind: NetworkKind, { marker, limit }: Parameters<ResourceReader["page"]>[1], fields: Query) =>
		loadAfter(marker, (from) => load(kind, [...fields, ["limit", `${limit}`], ...from], from.length === 0));

	return {
		async page(kind, options) {
			const requestedAt = Date.now();
			const page = await listPage(kind, options, []);
			const next = markerAfter(page);
			return { ...sortRecords(page.items.map(recordOf(kind, requestedAt))), ...(next !== undefined && { next }) };
		},
		async revisionPage(kind, options) {
			const requestedAt = Date.now();
			const page = await listPage(kind, options, REVISIONS);
			const next = markerAfter(page);
			const revisions = page.items.map(({ value, where }) => {
				const { id, revision_number: revision } = readRevision(value, where);
				return { id, ...(revision !== undefined && { revision }) };
			});
			return { revisions, requestedAt, ...(next !== undefined && { next }) };
		},
		async byId(kind, ids) {
			const requestedAt = Date.now();
			const answers = await neutron.listFor(KINDS[kind].collection, ids, (id) => [["id", id]]);
			return foundResources(kind, ids, answers.map(recordOf(kind, requestedAt)), requestedAt);
		},
		async referringTo(reference, ids) {
			const requestedAt = Date.now();
			const { kind, by, also } = REFERENCES[reference];
			const answers = await neutron.listFor(KINDS[kind].collection, ids, (id) => [[by, id]], also);
			return foundResources(kind, [], answers.map(recordOf(kind, requestedAt)), requestedAt);
		},
	};
}

const recordOf = (kind: NetworkKind, requestedAt: number) => (answered: Answered) => {
	const id = recordId(answered);
	try {
		const content = KINDS[kind].read(answered.value, answered.where);
		const { revision_number: revision } = answered.value as { readonly revision_number?: unknown };
		return { kind, id, requestedAt, ...(typeof revision === "number" && { revision }), content } as Resource;
	} catch (error) {
		return unreadable(kind, id, error);
	}
};
