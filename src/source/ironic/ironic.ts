/** Ironic's nodes, ports and port groups. https://docs.openstack.org/api-ref/baremetal/ */
import Type from "typebox";
import { GuestwireError } from "../../errors.ts";
import { isMap, nonEmptyText } from "../../instance/is-map.ts";
import { CHECK_SERVICE, type Reader, reader } from "../api/answers.ts";
import { type Answered, type Api, notThere, PAGE_MARKERS } from "../api/api.ts";
import { isAtLeast } from "../api/microversion.ts";
import type { Query } from "../api/query.ts";

export type Collection = "nodes" | "ports" | "portgroups";

export interface Ironic {
	/** All records that match. Not validated yet. @throws GuestwireError `cloud-unavailable`, `cloud-answer` */
	list(collection: Collection, filters?: Query): Promise<readonly Answered[]>;
	/** The node with this UUID, not validated yet; undefined if there is none. */
	node(uuid: string): Promise<Answered | undefined>;
}

/** Only what is read: a node's complete record has 2.7 KB, and what a driver knows may be secret. */
const FIELDS: Readonly<Record<Collection, readonly string[]>> = {
	nodes: ["uuid", "name", "instance_uuid", "instance_info", "network_data", "extra"],
	ports: ["uuid", "address", "node_uuid", "portgroup_uuid", "local_link_connection", "internal_info", "extra"],
	portgroups: ["uuid", "name", "address", "node_uuid", "mode", "properties", "internal_info", "extra"],
};

/** Fields, and the microversions that added them. */
const LATER_FIELDS: Readonly<Record<Collection, readonly (readonly [field: string, since: string])[]>> = {
	nodes: [["instance_name", "1.104"]],
	ports: [["name", "1.88"]],
	portgroups: [],
};

/** Ironic's own limit, unless `[api]max_limit` is another. */
const PAGE = "1000";

/** Undefined for an invalid record: the reader of its node reports it. */
function uuidOf({ value }: Answered): string | undefined {
	return isMap(value) ? nonEmptyText(value["uuid"]) : undefined;
}

const pageReaders: Readonly<Record<Collection, Reader<Readonly<Record<string, unknown>>>>> = {
	nodes: pageReader("nodes"),
	ports: pageReader("ports"),
	portgroups: pageReader("portgroups"),
};

function pageReader(collection: Collection): Reader<Readonly<Record<string, unknown>>> {
	return reader(Type.Object({ [collection]: Type.Array(Type.Unknown()), next: Type.Optional(Type.Unknown()) }));
}

/** @param api sends the microversion */
export function createIronic(api: Api, microversion: () => Promise<string>): Ironic {
	async function fieldsOf(collection: Collection): Promise<Query> {
		const version = await microversion();
		const later = LATER_FIELDS[collection].filter(([, since]) => isAtLeast(version, since));
		return [["fields", [...FIELDS[collection], ...later.map(([field]) => field)].join(",")]];
	}

	return {
		async list(collection, filters = []) {
			const all = collection === "nodes" ? ([["include_children", "true"]] as const) : [];
			const query: Query = [...(await fieldsOf(collection)), ...all, ...filters, ["limit", PAGE]];
			const first = await readPage(api, collection, query);
			if (first === undefined) throw notThere(`/v1/${collection}`);
			const known = new Set<string>();
			const records: Answered[] = [];
			for (let found = first; ; found = await pageAfter(api, collection, query, records)) {
				const before = known.size;
				for (const record of found.records) {
					const uuid = uuidOf(record);
					if (uuid === undefined || !known.has(uuid)) records.push(record);
					if (uuid !== undefined) known.add(uuid);
				}
				if (found.isLast) return records;
				if (known.size === before) {
					throw new GuestwireError(
						"cloud-answer",
						`/v1/${collection}: the listing repeats a page that was already read: ${CHECK_SERVICE}`,
					);
				}
			}
		},
		node: async (uuid) => api.get(`/nodes/${uuid}`, await fieldsOf("nodes")),
	};
}

interface Page {
	readonly records: readonly Answered[];
	readonly isLast: boolean;
}

/** Undefined for 404: the record that marks the page may have been deleted. */
async function readPage(api: Api, collection: Collection, query: Query): Promise<Page | undefined> {
	const answer = await api.get(`/${collection}`, query);
	if (answer === undefined) return undefined;
	const { value, where } = answer;
	const body = pageReaders[collection](value, where);
	const records = (body[collection] as readonly unknown[]).map(
		(record, at): Answered => ({ value: record, where: `${where}: ${collection}[${at}]` }),
	);
	return { records, isLast: body["next"] === undefined || records.length === 0 };
}

/** The next page. Its URL is not Ironic's `next`, which forgets `include_children`. */
async function pageAfter(api: Api, collection: Collection, query: Query, read: readonly Answered[]): Promise<Page> {
	const uuids = read.slice(-PAGE_MARKERS).flatMap((record) => uuidOf(record) ?? []);
	for (const uuid of uuids.reverse()) {
		const found = await readPage(api, collection, [...query, ["marker", uuid]]);
		if (found !== undefined) return found;
	}
	throw new GuestwireError(
		"cloud-answer",
		`/v1/${collection}: the records that mark the next page were deleted meanwhile: try again`,
	);
}
