/**
 * Notifications of Neutron and Nova, from the message bus. Whoever may write to the bus may forge them, so only ids are
 * taken from one: the facts are read from the APIs.
 *
 * Both forms of a message are understood: inside an envelope (driver `messagingv2`) and bare (driver `messaging`); and
 * both formats of Nova's: `compute.instance.…` and the versioned `instance.…`.
 */
import { UUID } from "../api/uuid.ts";
import type { Signal } from "../remote-source.ts";
import type { ResourceKind } from "../resource.ts";
import { keypairId } from "../source.ts";

export type BusMessage =
	| {
			readonly signals: readonly Signal[];
			/** Whether it is of Nova's versioned format. */
			readonly isVersioned: boolean;
	  }
	| { readonly invalid: string };

/** Bytes. A bulk request for a thousand ports makes a message of about 2 MB. */
export const LARGEST_MESSAGE = 4 * 1024 * 1024;
/** Resources that one message may name. */
const MOST_IDS = 2000;

type Json = Readonly<Record<string, unknown>>;
type ResourceIds = readonly (readonly [kind: ResourceKind, id: unknown])[];

/** Never throws. The reason that a message is invalid does not quote it. */
export function parseBusMessage(content: Buffer): BusMessage {
	if (content.length > LARGEST_MESSAGE) return { invalid: `a message of ${content.length} bytes` };
	const message = readMessage(content.toString("utf8"));
	if (message === undefined) return { invalid: "a message that is not JSON" };
	const { event_type: type, payload, timestamp } = message;
	if (typeof type !== "string" || !isObject(payload)) return { invalid: "a message without event type and payload" };
	const named = namedBy(type, payload);
	if (named.length > MOST_IDS) return { invalid: `a message that names ${named.length} resources` };
	if (!named.every(([kind, id]) => isValid(kind, id))) return { invalid: "a message with an invalid id" };
	return { signals: signalsOf(named, changedAt(timestamp)), isVersioned: isObject(payload[VERSIONED]) };
}

const isObject = (value: unknown): value is Json =>
	typeof value === "object" && value !== null && !Array.isArray(value);

function readMessage(text: string): Json | undefined {
	try {
		const outer: unknown = JSON.parse(text);
		const inner = isObject(outer) ? outer["oslo.message"] : undefined;
		const message: unknown = typeof inner === "string" ? JSON.parse(inner) : outer;
		return isObject(message) ? message : undefined;
	} catch {
		return undefined;
	}
}

/** Python's `str(datetime)`, in UTC: `2026-11-26 17:00:01.123456`. */
function changedAt(timestamp: unknown): number | undefined {
	if (typeof timestamp !== "string" || !/^\d{4}-\d\d-\d\d[ T][\d:.]{8,15}$/.test(timestamp)) return undefined;
	const time = Date.parse(`${timestamp.replace(" ", "T")}Z`);
	return Number.isNaN(time) ? undefined : time;
}

/** Without control characters, which PostgreSQL or a URL may not take. */
const KEYPAIR_ID = /^[\w.@-]{1,255} \P{Cc}{1,255}$/u;

/** Key pairs have a name of their user's choice, everything else a UUID. */
function isValid(kind: ResourceKind, id: unknown): boolean {
	if (typeof id !== "string") return false;
	return kind === "keypair" ? KEYPAIR_ID.test(id) && id.isWellFormed() : UUID.test(id);
}

function signalsOf(named: ResourceIds, at: number | undefined): Signal[] {
	const kinds = Map.groupBy(named, ([kind]) => kind);
	return Array.from(kinds, ([kind, some]) => {
		const ids = [...new Set(some.map(([, id]) => id as string))];
		return { kind, ids, ...(at !== undefined && { changedAt: at }) };
	});
}

/** What an event says may have changed. Nothing for other resources, before a change, and in audits (`exists`). */
function namedBy(type: string, payload: Json): ResourceIds {
	if (/\.(start|exists)$/.test(type)) return [];
	const [resource = "", action = ""] = type.split(".");
	if (resource === "compute" && action === "instance") return serverNames(type, payload["instance_id"]);
	if (resource === "instance") return serverNames(type, versionedData(payload)["uuid"]);
	if (resource === "keypair") return keypairNames(versionedData(payload));
	if (resource === "tag") return tagNames(payload);
	if (resource === "router" && action === "interface") return routerPortNames(payload);
	return neutronNames(resource, payload);
}

/** The payload of Nova's versioned events is an object in an object. */
const VERSIONED = "nova_object.data";

function versionedData(payload: Json): Json {
	const data = payload[VERSIONED];
	return isObject(data) ? data : payload;
}

/**
 * The events of what only calls for one server return: volumes, tags of NICs, dedicated CPUs, and shares, which are active
 * while the server runs.
 */
const DETAILS = /volume|interface|migrat|resize|evacuat|rebuild|unshelve|create|share|power_o|reboot/;

function serverNames(type: string, id: unknown): ResourceIds {
	return DETAILS.test(type)
		? [
				["server", id],
				["server_details", id],
			]
		: [["server", id]];
}

function keypairNames({ user_id: user, name, key_name: oldName }: Json): ResourceIds {
	const keyName = name ?? oldName;
	const isNamed = typeof user === "string" && !user.includes(" ") && typeof keyName === "string";
	return [["keypair", isNamed ? keypairId(user, keyName) : undefined]];
}

/** Neutron's resources, as events name them: the collections' names are these with an `s`. */
const NEUTRON_KINDS: Readonly<Record<string, ResourceKind>> = {
	port: "port",
	network: "network",
	subnet: "subnet",
	trunk: "trunk",
	floatingip: "floatingip",
	security_group: "security_group",
};

function kindOf(resource: string): ResourceKind | undefined {
	return Object.hasOwn(NEUTRON_KINDS, resource) ? NEUTRON_KINDS[resource] : undefined;
}

/**
 * A tag's event names what the tag was put on, but not the tag. Zed's members are called `parent_resource`, those of 2025.1
 * `obj_resource`.
 */
function tagNames(payload: Json): ResourceIds {
	const collection = payload["obj_resource"] ?? payload["parent_resource"];
	const id = payload["obj_resource_id"] ?? payload["parent_resource_id"];
	const kind = typeof collection === "string" ? kindOf(collection.replace(/s$/, "")) : undefined;
	return kind === undefined ? [] : [[kind, id]];
}

function routerPortNames({ router_interface: detail }: Json): ResourceIds {
	return isObject(detail) ? [["port", detail["port_id"]]] : [];
}

function neutronNames(resource: string, payload: Json): ResourceIds {
	if (resource === "security_group_rule") {
		return recordsOf("security_group_rule", payload).map((rule) => ["security_group", rule["security_group_id"]]);
	}
	const kind = kindOf(resource);
	if (kind === undefined) return [];
	const records = recordsOf(resource, payload);
	const deleted = payload[`${resource}_id`];
	const own: ResourceIds = deleted === undefined ? records.map(({ id }) => [kind, id]) : [[kind, deleted]];
	// They are deleted with their network, without messages of their own.
	const subnets = kind === "network" && deleted !== undefined ? records.flatMap(subnetNames) : [];
	return [...own, ...subnets, ...records.flatMap((record) => joinedNames(kind, record))];
}

/** A request for one resource sends it; one for several sends a list. */
function recordsOf(resource: string, payload: Json): readonly Json[] {
	const [one, several] = [payload[resource], payload[`${resource}s`]];
	if (isObject(one)) return [one];
	return Array.isArray(several) ? several.filter(isObject) : [];
}

function subnetNames({ subnets }: Json): ResourceIds {
	return Array.isArray(subnets) ? subnets.map((id) => ["subnet", id]) : [];
}

/** What a resource joins or leaves: a subnet its network, a trunk its ports. */
function joinedNames(kind: ResourceKind, record: Json): ResourceIds {
	if (kind === "subnet") return [["network", record["network_id"]]];
	if (kind !== "trunk") return [];
	const { port_id: parent, sub_ports: subports } = record;
	const ids = Array.isArray(subports) ? subports.filter(isObject).map((subport) => subport["port_id"]) : [];
	return [parent, ...ids].map((id) => ["port", id]);
}
