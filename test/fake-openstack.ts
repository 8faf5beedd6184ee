/**
 * An OpenStack on loopback that gives the recorded responses of a real one, filters and pages like Neutron and Nova, and
 * fails on demand: for faults that a real one does not produce on demand.
 */
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { stringifyInOrder } from "../src/key-order.ts";

type Json = Record<string, unknown> & { readonly id: string };

const folder = new URL("./fixtures/zed/", import.meta.url);
const caseNames = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
	entry.isDirectory() ? [entry.name] : [],
);

/** Every record of a kind in all recorded cases, in the order of ids: Neutron's own. */
function recorded(files: readonly string[], member: string): Json[] {
	const found = new Map<string, Json>();
	for (const name of caseNames) {
		for (const file of files) {
			const { [member]: items } = JSON.parse(readFileSync(new URL(`${name}/${file}`, folder), "utf8"));
			for (const item of items) found.set(item.id, item);
		}
	}
	return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function readRecorded() {
	const one = (name: string, file: string) => JSON.parse(readFileSync(new URL(`${name}/${file}`, folder), "utf8"));
	return {
		ports: recorded(["ports.json", "subports.json", "dhcp-ports.json"], "ports"),
		networks: recorded(["networks.json"], "networks"),
		subnets: recorded(["subnets.json"], "subnets"),
		trunks: recorded(["trunks.json"], "trunks"),
		floatingips: recorded(["floatingips.json"], "floatingips"),
		security_groups: recorded(["security-groups.json"], "security_groups"),
		servers: caseNames.map((name): Json => one(name, "server.json").server),
		interfaces: new Map<string, unknown>(
			caseNames.map((name) => [one(name, "server.json").server.id, one(name, "interfaces.json")]),
		),
		/** Answers about the shares of servers, by the server's id. */
		shares: new Map<string, unknown>(),
		keypair: one("h1-full", "keypair.json"),
	};
}
export type FakeRecords = ReturnType<typeof readRecorded>;

/** What happens to a request instead of a response; `undefined` for a normal response. */
export type Fault = (response: ServerResponse, answer: () => void) => void;

export interface FakeOpenStack {
	/** The records that it serves; tests change them. */
	readonly records: FakeRecords;
	/** `GET /network/v2.0/ports?…` of each request, in order. */
	readonly requests: string[];
	/** Bodies of the requests for a token. */
	readonly logins: unknown[];
	/** Most members per page. */
	pageSize: number;
	/** Lifetime of a token in seconds. */
	lifetime: number;
	/** Nova's newest microversion. */
	microversion: string;
	/** The types of further services in the catalogue. */
	readonly services: string[];
	/** Its clock, in Unix milliseconds; initially different from this machine's. */
	issuedAt: () => number;
	/** Decides for each request whether it fails, and how. */
	fault: (call: string) => Fault | undefined;
	/** As OS_* variables. */
	readonly env: Readonly<Record<string, string>>;
	/** Revokes all tokens issued so far. */
	revoke(): void;
	close(): Promise<void>;
}

export async function startFakeOpenStack(): Promise<FakeOpenStack> {
	const server = createServer({ maxHeaderSize: 65_536 });
	let epoch = 0;
	const fake = {
		records: readRecorded(),
		requests: [] as string[],
		logins: [] as unknown[],
		pageSize: 1000,
		lifetime: 3600,
		microversion: "2.93",
		services: [] as string[],
		issuedAt: () => Date.parse("2026-01-01T00:00:00Z"),
		fault: (() => undefined) as FakeOpenStack["fault"],
		revoke: () => {
			epoch++;
		},
	};

	async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const call = `${request.method} ${request.url}`;
		fake.requests.push(call);
		const body = await new Response(request as never).text();
		const answer = () => {
			// The request line with its version, as eventlet counts it.
			if (call.length + " HTTP/1.1\r\n".length > 8192) return send(response, 414, {});
			if (request.url?.startsWith("/identity/")) return login(body, response);
			if (request.headers["x-auth-token"] !== `token-${epoch}`) return send(response, 401, {});
			return reply(request, response);
		};
		const fault = fake.fault(call);
		if (fault === undefined) answer();
		else fault(response, answer);
	}

	function login(body: string, response: ServerResponse): void {
		fake.logins.push(JSON.parse(body));
		response.setHeader("x-subject-token", `token-${epoch}`);
		const endpoint = (path: string) => [{ interface: "public", region: "R", url: `${origin()}${path}` }];
		send(response, 201, {
			token: {
				issued_at: new Date(fake.issuedAt()).toISOString(),
				expires_at: new Date(fake.issuedAt() + fake.lifetime * 1000).toISOString(),
				catalog: [
					{ type: "network", endpoints: endpoint("/network") },
					{ type: "compute", endpoints: endpoint("/compute/v2.1") },
					...fake.services.map((type) => ({ type, endpoints: endpoint(`/${type}`) })),
				],
			},
		});
	}

	function reply(request: IncomingMessage, response: ServerResponse): void {
		const url = new URL(request.url ?? "", origin());
		const [, service, , ...path] = url.pathname.split("/");
		const answer = (service === "network" ? neutron : nova)(fake, path, url);
		send(response, answer === undefined ? 404 : 200, answer ?? {});
	}

	const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	server.on("request", (request, response) => void handle(request, response));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const env = {
		OS_AUTH_URL: `${origin()}/identity`,
		OS_USERNAME: "alice",
		OS_PASSWORD: "rain-coat-7",
		OS_PROJECT_NAME: "acme",
	};
	const close = () => {
		server.closeAllConnections();
		return new Promise<void>((resolve) => server.close(() => resolve()));
	};
	return Object.assign(fake, { env, close });
}

type State = Pick<FakeOpenStack, "records" | "pageSize" | "microversion">;

function neutron(fake: State, [collection = ""]: readonly string[], url: URL): unknown {
	if (collection === "extensions") return { extensions: [{ alias: "router" }, { alias: "trunk-details" }] };
	const member = collection.replaceAll("-", "_") as "ports";
	const items = fake.records[member];
	if (!Array.isArray(items)) return undefined;
	const fields = url.searchParams.getAll("fields");
	return paged(member, filtered(items, url.searchParams), url, fake.pageSize, fields);
}

function nova(fake: State, path: readonly string[], url: URL): unknown {
	const [first = "", id = "", more] = path;
	const { servers, interfaces, keypair, shares } = fake.records;
	if (first === "") return { version: { id: "v2.1", min_version: "2.1", version: fake.microversion } };
	if (first === "os-keypairs") {
		const isOwners = url.searchParams.get("user_id") === keypair.keypair.user_id;
		return isOwners && id === keypair.keypair.name ? structuredClone(keypair) : undefined;
	}
	const [uuid, since] = [url.searchParams.get("uuid"), url.searchParams.get("changes-since")];
	const isWanted = (one: Json) =>
		(uuid === null || one.id === uuid) &&
		(since === null || Date.parse(`${one["updated"]}`) >= Date.parse(since)) &&
		(since !== null || one["status"] !== "DELETED");
	const wanted = servers.filter(isWanted);
	const byId = (some: Json[]) => some.toSorted((a, b) => (a.id < b.id ? -1 : 1));
	const listed = url.searchParams.get("sort_key") === "uuid" ? byId(wanted) : wanted;
	if (id === "" || id === "detail") return paged("servers", listed, url, fake.pageSize);
	if (more === "os-interface") return interfaces.get(id);
	if (more === "shares") return shares.get(id) ?? { shares: [] };
	const found = servers.find((one) => one.id === id);
	return found && { server: found };
}

/** Undefined for a marker that does not exist. */
function paged(
	member: string,
	items: readonly Json[],
	url: URL,
	pageSize: number,
	fields: readonly string[] = [],
): unknown {
	const size = Math.min(pageSize, Number(url.searchParams.get("limit") ?? pageSize));
	const marker = url.searchParams.get("marker");
	const start = items.findIndex((item) => item.id === marker) + 1;
	if (marker !== null && start === 0) return undefined;
	const page = items.slice(start, start + size).map((item) => onlyFields(item, fields));
	const last = page.at(-1);
	if (last === undefined || start + size >= items.length) return { [member]: page };
	const next = new URL(url);
	next.host = "inside.example"; // a name that this side doesn't know, as behind a load balancer
	next.searchParams.set("marker", last.id);
	return { [member]: page, [`${member}_links`]: [{ rel: "next", href: next.href }] };
}

function send(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { "content-type": "application/json" });
	response.end(stringifyInOrder(body));
}

/** Without fields, everything. */
function onlyFields(item: Json, fields: readonly string[]): Json {
	if (fields.length === 0) return item;
	return Object.fromEntries(Object.entries(item).filter(([name]) => fields.includes(name))) as Json;
}

/** Parameters of a listing that are not filters. */
const NO_FILTERS = ["limit", "marker", "fields"];

/** Filters like Neutron: values of one name are alternatives, and all names must match. */
function filtered(items: readonly Json[], query: URLSearchParams): Json[] {
	const names = [...new Set(query.keys())].filter((name) => !NO_FILTERS.includes(name));
	return items.filter((item) => names.every((name) => query.getAll(name).some((value) => has(item, name, value))));
}

function has(item: Json, name: string, value: string): boolean {
	if (name !== "fixed_ips") return item[name] === value;
	const addresses = (item["fixed_ips"] as { ip_address: string }[]).map((ip) => `ip_address=${ip.ip_address}`);
	return addresses.includes(value);
}
