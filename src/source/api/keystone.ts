/** A token that is always valid, and the catalogue that came with it. https://docs.openstack.org/api-ref/identity/v3/ */
import Type, { type Static } from "typebox";
import { GuestwireError } from "../../errors.ts";
import { parseInOrder } from "../../key-order.ts";
import { CHECK_SERVICE, reader } from "./answers.ts";
import { type AuthRequest, authRequest } from "./auth-request.ts";
import type { CloudEntry, FoundCloud } from "./clouds-yaml.ts";
import { type Authorization, describeCall, type Reply, type Rest } from "./rest.ts";

const Catalogue = Type.Array(
	Type.Object({
		type: Type.String(),
		endpoints: Type.Array(
			Type.Object({
				interface: Type.String(),
				region: Type.Optional(Type.Union([Type.String(), Type.Null()])),
				url: Type.String(),
			}),
		),
	}),
	{ default: [] },
);
const IdAndName = Type.Object({ id: Type.String(), name: Type.Optional(Type.String()) });
const readToken = reader(
	Type.Object({
		token: Type.Object({
			issued_at: Type.String(),
			expires_at: Type.String(),
			catalog: Catalogue,
			user: Type.Optional(IdAndName),
			project: Type.Optional(IdAndName),
			roles: Type.Array(Type.Object({ name: Type.String() }), { default: [] }),
		}),
	}),
);

export interface Token {
	/** The secret. */
	readonly id: string;
	readonly catalogue: Static<typeof Catalogue>;
	readonly user?: string;
	readonly project?: string;
	readonly roles: readonly string[];
	/** When the token was issued, by Keystone's clock, in Unix milliseconds. */
	readonly issuedAt: number;
	/** How long the token is valid. Milliseconds. */
	readonly lifetime: number;
}

export interface Session {
	/** Keystone's URL, without anything secret. */
	readonly identityUrl: string;
	/** A token that has not expired. @throws GuestwireError `cloud-unavailable`, `cloud-answer` */
	token(): Promise<Token>;
	/** How long the token that is in use is still valid, in milliseconds; undefined without one. */
	remaining(): number | undefined;
	/** Discards a token to which an API answered 401. @param id its secret */
	refuse(id: string): void;
	/** The URL of a service, without a trailing slash. @throws GuestwireError `config`: it is not in the catalogue */
	endpoint(service: Service): Promise<string>;
	/** Whether the service can be found, as `endpoint` does. */
	hasEndpoint(service: Service): Promise<boolean>;
}

export type Service = "compute" | "network" | "baremetal";

/** Authorizes calls by a token. */
export function byToken(session: Session): () => Promise<Authorization> {
	return async () => {
		const token = await session.token();
		return { headers: { "x-auth-token": token.id }, refuse: () => session.refuse(token.id) };
	};
}

/** A token is renewed this long before it expires, or when a fifth of its lifetime is left. Milliseconds. */
const MARGIN = 300_000;
/** Between two tries while the old token is still valid. Milliseconds. */
const REST = 10_000;

/**
 * @param now milliseconds of a monotonic clock; only the lifetime of a token is taken from Keystone's clock
 * @throws GuestwireError `config`
 */
export function createSession(cloud: FoundCloud, rest: Rest, now: () => number): Session {
	const request = authRequest(cloud);
	const tokens = createTokens(request, rest, now);
	const endpoint: Session["endpoint"] = async (service) => {
		const override = cloud.entry[`${service}_endpoint_override`];
		return (override ?? findEndpoint(await tokens.token(), service, cloud)).replace(/\/+$/, "");
	};
	return {
		identityUrl: request.url.origin + request.url.pathname.replace(/\/auth\/tokens$/, ""),
		...tokens,
		endpoint,
		async hasEndpoint(service) {
			try {
				await endpoint(service);
				return true;
			} catch (error) {
				if (error instanceof GuestwireError && error.code === "config") return false;
				throw error;
			}
		},
	};
}

/** Keeps one token, and renews it. */
function createTokens(
	request: AuthRequest,
	rest: Rest,
	now: () => number,
): Pick<Session, "token" | "remaining" | "refuse"> {
	let current: { readonly token: Token; readonly since: number } | undefined;
	let renewal: Promise<Token> | undefined;
	let restUntil = Number.NEGATIVE_INFINITY;

	/** One request at a time, however many callers. */
	function renew(): Promise<Token> {
		renewal ??= ask()
			.catch((error: unknown) => {
				restUntil = now() + REST;
				throw error;
			})
			.finally(() => {
				renewal = undefined;
			});
		return renewal;
	}

	async function ask(): Promise<Token> {
		const since = now();
		const token = await askForToken(request, rest);
		current = { token, since };
		return token;
	}

	const remaining = () => current && current.since + current.token.lifetime - now();

	async function token(): Promise<Token> {
		if (current === undefined) return renew();
		const left = remaining() ?? 0;
		if (left <= 0) return renew();
		if (left < Math.min(MARGIN, current.token.lifetime / 5) && now() >= restUntil) renew().catch(() => {});
		return current.token;
	}

	return {
		token,
		remaining,
		refuse(id) {
			if (current?.token.id === id) current = undefined;
		},
	};
}

async function askForToken({ url, body }: AuthRequest, rest: Rest): Promise<Token> {
	const reply = await rest.call({ method: "POST", url, body });
	const where = describeCall({ method: "POST", url });
	if (reply.status === 401) {
		throw new GuestwireError(
			"cloud-unavailable",
			`${where}: Keystone rejected the credentials (401); check user, password, project and domains`,
		);
	}
	const id = reply.headers["x-subject-token"];
	if (reply.status !== 201 || typeof id !== "string") {
		throw new GuestwireError(
			"cloud-answer",
			`${where}: answered ${reply.status} without a token; check that auth_url is Keystone's v3`,
		);
	}
	const { token } = readToken(parseJson(reply, where), where);
	const [issuedAt, expiresAt] = [Date.parse(token.issued_at), Date.parse(token.expires_at)];
	if (!(expiresAt > issuedAt))
		throw new GuestwireError(
			"cloud-answer",
			`${where}: token/expires_at is not after issued_at: check [token] expiration in keystone.conf`,
		);
	return {
		id,
		catalogue: token.catalog,
		roles: token.roles.map(({ name }) => name),
		...(token.user && { user: token.user.name ?? token.user.id }),
		...(token.project && { project: token.project.name ?? token.project.id }),
		issuedAt,
		lifetime: expiresAt - issuedAt,
	};
}

/**
 * An answer's value, with marked keys (key-order.ts).
 *
 * @throws GuestwireError `cloud-answer`
 */
export function parseJson(reply: Reply, where: string): unknown {
	try {
		return parseInOrder(reply.text);
	} catch {
		throw new GuestwireError("cloud-answer", `${where}: the answer (${reply.status}) is not JSON: ${CHECK_SERVICE}`);
	}
}

function findEndpoint(token: Token, service: string, { entry, where }: FoundCloud): string {
	const wanted = (entry.interface ?? entry.endpoint_type ?? "public").replace(/URL$/, "");
	const region = regionOf(entry);
	const offered = token.catalogue.filter(({ type }) => type === service).flatMap(({ endpoints }) => endpoints);
	const matching = offered.filter((it) => it.interface === wanted && (region === undefined || it.region === region));
	const regions = [...new Set(matching.map((it) => it.region))];
	if (regions.length > 1) {
		throw new GuestwireError(
			"config",
			`${where}: ${service} exists in the regions ${regions.join(", ")}; choose one with region_name`,
		);
	}
	const [found] = matching;
	if (found !== undefined) return found.url;
	const known = offered.map((it) => `${it.interface} in ${it.region}`).join(", ") || "none";
	const searched = `${wanted}${region === undefined ? "" : ` in ${region}`}`;
	throw new GuestwireError(
		"config",
		`${where}: the catalogue has no ${service} endpoint ${searched}; it has: ${known}`,
	);
}

/** The region that a cloud's entry chooses. */
export function regionOf({ region_name, regions }: CloudEntry): string | undefined {
	const [first] = regions ?? [];
	return region_name ?? (typeof first === "object" ? first.name : first);
}
