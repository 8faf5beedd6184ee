/** Neutron's resources, read in bulk. https://docs.openstack.org/api-ref/network/v2/ */
import Type from "typebox";
import type { GuestwireError } from "../../errors.ts";
import {
	FloatingIpFacts,
	NetworkFacts,
	PortFacts,
	SecurityGroupFacts,
	SubnetFacts,
	TrunkFacts,
} from "../../instance/facts.ts";
import { DHCP_OWNER } from "../../instance/port-owner.ts";
import { type Reader, reader } from "../api/answers.ts";
import { type Answered, type Api, firstPage, type ListingPage, notThere } from "../api/api.ts";
import type { Query } from "../api/query.ts";
import { MISSING_TTL, type Neutron } from "../neutron/neutron.ts";
import type { FoundResources, Reference, ResourceReader } from "../remote-source.ts";
import type { Resource, ResourceKind } from "../resource.ts";
import { foundResources, loadAfter, markerAfter, recordId, sortRecords, unreadable } from "./resources.ts";

interface NetworkListing {
	readonly collection: string;
	readonly read: Reader<object>;
	readonly extension?: string;
}

/** Each kind's collection, and for collections that not every Neutron has, the alias of the extension. */
const LISTINGS = {
	network: { collection: "networks", read: reader(NetworkFacts) },
	subnet: { collection: "subnets", read: reader(SubnetFacts) },
	port: { collection: "ports", read: reader(PortFacts) },
	trunk: { collection: "trunks", read: reader(TrunkFacts), extension: "trunk" },
	security_group: { collection: "security_groups", read: reader(SecurityGroupFacts), extension: "security-group" },
	floatingip: { collection: "floatingips", read: reader(FloatingIpFacts), extension: "router" },
} as const satisfies Readonly<Record<string, NetworkListing>>;
export type NetworkKind = keyof typeof LISTINGS;

const KINDS: Readonly<Record<NetworkKind, NetworkListing>> = LISTINGS;

export const NETWORK_KINDS = Object.keys(KINDS) as readonly NetworkKind[];

export const isNetworkKind = (kind: ResourceKind): kind is NetworkKind => Object.hasOwn(KINDS, kind);

const REVISIONS: Query = [
	["fields", "id"],
	["fields", "revision_number"],
];

const REFERENCES: Readonly<Record<Reference, { kind: NetworkKind; by: string; also?: Query }>> = {
	"ports of devices": { kind: "port", by: "device_id" },
	"ports of networks": { kind: "port", by: "network_id" },
	"DHCP ports of networks": { kind: "port", by: "network_id", also: [["device_owner", DHCP_OWNER]] },
	"trunks of ports": { kind: "trunk", by: "port_id" },
	"floating IPs of ports": { kind: "floatingip", by: "port_id" },
};

const readRevision = reader(Type.Object({ id: Type.String(), revision_number: Type.Optional(Type.Integer()) }));
const readAlias = reader(Type.Object({ alias: Type.String() }));

const PAGE: Query = [["limit", "1000"]];

const pathOf = (kind: NetworkKind) => `/${KINDS[kind].collection.replaceAll("_", "-")}`;

/** `ResourceReader` for Neutron's kinds. */
export interface NetworkResources {
	/** All of a kind, with these members only. Not validated yet. */
	list(kind: NetworkKind, fields: readonly string[]): Promise<readonly Answered[]>;
	page(kind: NetworkKind, ...rest: Rest<"page">): ReturnType<ResourceReader["page"]>;
	revisionPage(kind: NetworkKind, ...rest: Rest<"revisionPage">): ReturnType<ResourceReader["revisionPage"]>;
	byId(kind: NetworkKind, ids: readonly string[]): Promise<FoundResources>;
	referringTo(reference: Reference, ids: readonly string[]): Promise<FoundResources>;
}
type Rest<Method extends "page" | "revisionPage"> = [options: Parameters<ResourceReader[Method]>[1]];

export function createNetworkResources(api: Api, neutron: Neutron): NetworkResources {
	const { load, listFor } = createListings(api, neutron);
	const listPage = (kind: NetworkKind, { marker, limit }: Parameters<ResourceReader["page"]>[1], fields: Query) =>
		loadAfter(marker, (from) => load(kind, [...fields, ["limit", `${limit}`], ...from], from.length === 0));

	return {
		async list(kind, fields) {
			const answers: Answered[] = [];
			const query = [...PAGE, ...fields.map((field): Query[number] => ["fields", field])];
			for (let marker: Query = []; ; ) {
				const { items, next } = await load(kind, [...query, ...marker], marker.length === 0);
				answers.push(...items);
				if (next === undefined) return answers;
				marker = [["marker", next]];
			}
		},
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
			const answers = await listFor(kind, ids, "id");
			return foundResources(kind, ids, answers.map(recordOf(kind, requestedAt)), requestedAt);
		},
		async referringTo(reference, ids) {
			const requestedAt = Date.now();
			const { kind, by, also } = REFERENCES[reference];
			const answers = await listFor(kind, ids, by, also);
			return foundResources(kind, [], answers.map(recordOf(kind, requestedAt)), requestedAt);
		},
	};
}

/** Neutron's listings. Those of a missing extension are empty. */
function createListings(api: Api, neutron: Neutron) {
	/** The kinds whose extension is missing, and until when that counts. */
	const missing = new Map<NetworkKind, number>();

	/** One page. @param isFirst whether it is the first of its listing */
	async function load(kind: NetworkKind, query: Query, isFirst: boolean): Promise<ListingPage> {
		const found = await api.page(pathOf(kind), KINDS[kind].collection, query);
		if (found !== undefined) return found;
		if (isFirst && (await isMissing(kind))) return { items: [], next: undefined, where: pathOf(kind) };
		throw notThere(pathOf(kind));
	}

	/** A 404 may also come from a proxy while the cloud is being changed: only the list of extensions proves it. */
	async function isMissing(kind: NetworkKind): Promise<boolean> {
		const { extension } = KINDS[kind];
		if (extension === undefined) return false;
		const extensions = await firstPage(api, "/extensions", "extensions", []);
		if (extensions.some(({ value, where }) => readAlias(value, where).alias === extension)) return false;
		missing.set(kind, performance.now() + MISSING_TTL);
		return true;
	}

	/** The resources that have one of the values. */
	async function listFor(
		kind: NetworkKind,
		values: readonly string[],
		by: string,
		also?: Query,
	): Promise<readonly Answered[]> {
		if (performance.now() < (missing.get(kind) ?? 0)) return [];
		try {
			return await neutron.listFor(KINDS[kind].collection, values, (value) => [[by, value]], also);
		} catch (error) {
			if ((error as GuestwireError).code === "cloud-answer" && (await isMissing(kind))) return [];
			throw error;
		}
	}

	return { load, listFor };
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
