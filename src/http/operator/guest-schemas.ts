/** The operator API's schemas for guests: what each one requested, and what it would get. */
import Type, { type Static } from "typebox";
import { GUEST_STATES, type Guest, SORTS } from "../../service/overview/search.ts";
import { MAX_ID_LENGTH } from "./schemas.ts";

const Time = Type.Integer({ description: "Milliseconds since 1970" });

export const GuestSchema = Type.Object({
	id: Type.String(),
	name: Type.String(),
	projectId: Type.Optional(Type.String()),
	addresses: Type.Array(Type.String()),
	macAddresses: Type.Array(Type.String()),
	networks: Type.Array(Type.Object({ id: Type.String(), name: Type.String() })),
	state: Type.Enum([...GUEST_STATES], {
		description:
			"`failing`: the guest's last request was answered with a status of 500 or more; `outdated`: it fetched documents that differ from what it would get now; `current`: the same; `asked`: nothing can be compared; `refused`: requests that nearly matched it were refused after its last answered one; `never`: it has not sent any request",
	}),
	outdatedSince: Type.Optional(Type.Integer({ description: "Of a guest that is `outdated`: milliseconds since 1970" })),
	client: Type.Optional(Type.String({ description: "`name` or `name@version`" })),
	firstAt: Type.Optional(Time),
	lastAt: Type.Optional(Time),
	lastStatus: Type.Optional(Type.Integer()),
	requests: Type.Integer(),
	failures: Type.Integer({ description: "Answers with a status of 500 or more" }),
	userAgent: Type.Optional(Type.String()),
	node: Type.Optional(Type.String()),
});

export const SearchQuerySchema = Type.Object({
	q: Type.Optional(
		Type.String({
			maxLength: 200,
			description:
				"Words in the name, id, project, addresses, MAC addresses, networks or client: all of them have to occur",
		}),
	),
	client: Type.Optional(Type.String({ maxLength: 100, description: "`name`, `name@version` or `unknown`" })),
	state: Type.Optional(Type.Enum([...GUEST_STATES])),
	project: Type.Optional(Type.String({ maxLength: MAX_ID_LENGTH })),
	network: Type.Optional(Type.String({ maxLength: MAX_ID_LENGTH, description: "An id or a name" })),
	sort: Type.Optional(Type.Enum([...SORTS], { default: "name" })),
	order: Type.Optional(Type.Enum(["asc", "desc"], { default: "asc" })),
	limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
	cursor: Type.Optional(Type.String({ maxLength: 5000, description: "`next` of the previous page" })),
});
export type SearchParameters = Static<typeof SearchQuerySchema>;

export const SearchSchema = Type.Object({
	total: Type.Integer({ description: "Guests on all pages" }),
	isComplete: Type.Boolean({ description: "Whether all instances have been read since the start" }),
	guests: Type.Array(GuestSchema),
	next: Type.Optional(Type.String({ description: "The cursor of the next page; absent on the last one" })),
});

const AnswerSchema = Type.Object({
	at: Time,
	status: Type.Integer(),
	bytes: Type.Integer(),
	digest: Type.String({
		description:
			"SHA-256, 32 characters of it; salted for documents that may contain secrets; empty if there was no such document",
	}),
	userAgent: Type.String(),
	listener: Type.String(),
	node: Type.String(),
});

export const RequestSchema = Type.Object({
	at: Time,
	method: Type.String(),
	path: Type.String(),
	status: Type.Integer(),
	bytes: Type.Integer(),
	ms: Type.Number({ description: "Milliseconds until the answer was sent" }),
	userAgent: Type.String(),
	listener: Type.String(),
	node: Type.String(),
	reason: Type.String({ description: "Why there was no document; empty if there was one" }),
});

export const GuestDetailsSchema = Type.Intersect([
	GuestSchema,
	Type.Object({
		documents: Type.Array(
			Type.Object({
				path: Type.String(),
				bytes: Type.Optional(
					Type.Integer({ description: "Absent: not compared, or the guest would not get it any more" }),
				),
				isPrivate: Type.Boolean({ description: "May contain secrets: needs role read-user-data" }),
				state: Type.Enum(["current", "outdated", "gone", "uncompared", "never"], {
					description:
						"`gone`: the guest would not get it any more; `uncompared`: it depends on other services, or was fetched in an earlier boot; `never`: not fetched",
				}),
				last: Type.Optional(AnswerSchema),
			}),
		),
		recent: Type.Array(RequestSchema, { description: "The last 50 requests, the oldest first" }),
		failure: Type.Optional(
			Type.Object(
				{
					reason: Type.String(),
					meaning: Type.String({ description: "What happened" }),
					advice: Type.String({ description: "What to do" }),
				},
				{ description: "Why the last request failed, for a guest that is `failing`" },
			),
		),
	}),
]);

export const OriginsSchema = Type.Array(
	Type.Object({
		pointer: Type.String({ description: "JSON pointer into the document" }),
		kind: Type.String(),
		id: Type.String(),
		name: Type.Optional(Type.String()),
		member: Type.String(),
	}),
);

/** A `network_data.json` in the form that Guestwire reads it into. */
export const DescriptionSchema = Type.Unsafe<object>({
	type: "object",
	description: "A network_data.json",
	additionalProperties: true,
});

export const VersionsSchema = Type.Object({
	path: Type.String(),
	now: Type.Optional(
		Type.String({ description: "What the guest would get, without random_seed and secrets in metadata" }),
	),
	nova: Type.Optional(Type.String({ description: "The same in profile nova" })),
	fetched: Type.Optional(
		Type.String({ description: "The digest of what the guest fetched last; absent if there was no such document" }),
	),
	versions: Type.Array(Type.Object({ digest: Type.String(), firstAt: Time, lastAt: Time, text: Type.String() }), {
		description: "What the guest fetched, the newest first",
	}),
});

export const FindingSchema = Type.Object({
	rule: Type.String(),
	severity: Type.String(),
	pointer: Type.String(),
	message: Type.String(),
	fix: Type.String(),
	effects: Type.Array(
		Type.Object({
			...{ client: Type.String(), outcome: Type.String(), severity: Type.String(), text: Type.String() },
			scopes: Type.Optional(
				Type.Array(
					Type.Object({
						...{ since: Type.Optional(Type.String()), until: Type.Optional(Type.String()) },
						renderers: Type.Optional(Type.Array(Type.String())),
					}),
					{ description: "Versions and renderers, if not all that were checked" },
				),
			),
		}),
	),
});

export const RenderingSchema = Type.Object({
	files: Type.Array(Type.Object({ path: Type.String(), mode: Type.Integer(), text: Type.String() })),
	remarks: Type.Array(
		Type.Object({ pointer: Type.String(), reason: Type.String(), value: Type.Optional(Type.String()) }),
	),
});

const RefusalSchema = Type.Object({
	source: Type.Object({
		peer: Type.Optional(Type.String()),
		address: Type.Optional(Type.String()),
		networkId: Type.Optional(Type.String()),
		routerId: Type.Optional(Type.String()),
		instance: Type.Optional(Type.String()),
		projectId: Type.Optional(Type.String()),
		providerId: Type.Optional(Type.String({ description: "The metadata provider, such as an NSX edge" })),
	}),
	reason: Type.String(),
	meaning: Type.String({ description: "What happened" }),
	advice: Type.String({ description: "What to do" }),
	status: Type.Integer(),
	listener: Type.String(),
	node: Type.String(),
	count: Type.Integer(),
	firstAt: Time,
	lastAt: Time,
	path: Type.String(),
	userAgent: Type.String(),
	detail: Type.String(),
	nearMisses: Type.Array(
		Type.Object({
			instance: Type.String(),
			name: Type.String(),
			port: Type.Optional(Type.String()),
			why: Type.String({ description: "What matches, and what does not" }),
		}),
	),
});

export const RefusalsQuerySchema = Type.Object({
	q: Type.Optional(
		Type.String({
			maxLength: 200,
			description:
				"Words in the source, reason, path, user agent, listener or node, or in the id, name or address of an instance that nearly matched: all have to occur",
		}),
	),
	limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: 20 })),
	cursor: Type.Optional(Type.String({ maxLength: 5000, description: "`next` of the previous page" })),
});
export type RefusalsParameters = Static<typeof RefusalsQuerySchema>;

export const RefusalsSchema = Type.Object({
	total: Type.Integer({ description: "Refusals on all pages" }),
	refusals: Type.Array(RefusalSchema),
	next: Type.Optional(Type.String({ description: "The cursor of the next page; absent on the last one" })),
});

export const StatusSchema = Type.Object({
	isReady: Type.Boolean(),
	isOutdated: Type.Boolean({ description: "Whether the inventory is invalid and its last valid state is served" }),
	problems: Type.Array(Type.String(), {
		description: "What keeps changes in the cloud from being served at once, and what to do",
	}),
	version: Type.String(),
	source: Type.String({ description: "The kind of source" }),
	instances: Type.Integer(),
	isComplete: Type.Boolean(),
	nodes: Type.Array(
		Type.Object({
			name: Type.String(),
			seenAt: Type.Integer({ description: "When it last said that it runs, which it does every 10 seconds" }),
			lastAt: Type.Optional(Type.Integer({ description: "When it last answered a guest; absent if it has not" })),
		}),
		{ description: "The nodes of the last hour" },
	),
	metrics: Type.Array(
		Type.Object({
			name: Type.String(),
			help: Type.String(),
			values: Type.Array(Type.Object({ labels: Type.Record(Type.String(), Type.String()), value: Type.Number() })),
		}),
	),
});

export const SessionSchema = Type.Object({
	role: Type.Union([Type.Enum(["read", "read-user-data"]), Type.Null()], { description: "null: sign in first" }),
	needsToken: Type.Boolean({ description: "Whether there is anything to sign in to" }),
	version: Type.String(),
});

/** A guest as the API gives it. */
export function guestOf({ instance, history, state }: Guest): Static<typeof GuestSchema> {
	const { id, name, projectId, ports } = instance;
	const networks = new Map(ports.map(({ networkId, networkName }) => [networkId, networkName]));
	return {
		...{ id, name, ...(projectId !== undefined && { projectId }), state },
		addresses: ports.flatMap(({ addresses }) => addresses),
		macAddresses: ports.map(({ macAddress }) => macAddress),
		networks: Array.from(networks, ([network, label]) => ({ id: network, name: label })),
		requests: history?.requests ?? 0,
		failures: history?.failures ?? 0,
		...(history !== undefined && {
			...(state === "outdated" && history.outdated_at && { outdatedSince: history.outdated_at }),
			...(history.client !== null && { client: history.client }),
			...{ firstAt: history.first_at, lastAt: history.last_at, lastStatus: history.last_status },
			...{ userAgent: history.user_agent, node: history.node },
		}),
	};
}
