/**
 * A cloud of generated servers in a process of its own: Keystone, Neutron and Nova over HTTP, each answer as late as a
 * real API's, by a fixed number of workers. `node bench/simulated-cloud.ts COUNT` prints its address.
 *
 * Every fifth server has two NICs. `GET /calls` says what was asked for.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { generated, network, networkOf, port, server, subnet } from "./generate.ts";

/** Processes of each API. */
export const WORKERS = 4;
/**
 * Milliseconds of a worker, as measured on a cloud of Zed: a page of 500 servers takes 5.5 s, one server 80 ms, NICs' tags
 * 50 ms; Neutron's calls some 25 ms, and more for each resource in the answer.
 */
export const COST = { call: 25, port: 1.5, revision: 0.3, listedServer: 11, server: 80, interfaces: 50, keypair: 30 };

/** Servers with several NICs, of all. */
export const hasTwoNics = (n: number) => n % 5 === 0;

/** What the APIs did since the start. Polls are the calls that are made at regular intervals. */
export interface Calls {
	readonly network: Api;
	readonly compute: Api;
	readonly polls: number;
	/** Microseconds of CPU time that the simulation took. */
	readonly cpu: number;
}

interface Api {
	readonly calls: number;
	/** Milliseconds of its workers, all together. */
	readonly busy: number;
	/** Calls by what they ask for. */
	readonly kinds: Readonly<Record<string, number>>;
}

interface Item {
	readonly id: string;
	readonly json: string;
	readonly record: Readonly<Record<string, unknown>>;
}

const item = (record: object): Item => {
	const { id } = record as { readonly id: string };
	return { id, json: JSON.stringify({ ...record, revision_number: 1 }), record: record as Item["record"] };
};

/** Far from the first NIC's number. */
const SECOND = 5_000_000;
const USER_DATA = Buffer.from(`#cloud-config\n${"# a comment\n".repeat(80)}`).toString("base64");

function secondPort(n: number): object {
	const { id, projectId } = generated(n);
	const { network_id, fixed_ips } = port(n) as { network_id: string; fixed_ips: { subnet_id: string }[] };
	const addresses = fixed_ips.map(({ subnet_id }) => ({
		subnet_id,
		ip_address: `10.${networkOf(n) % 16}.0.${n % 200}`,
	}));
	return { ...port(n + SECOND), device_id: id, project_id: projectId, network_id, fixed_ips: addresses };
}

function novaServer(n: number): object {
	const plain = server(n) as { addresses: Record<string, object[]> };
	const { mac_address: mac } = port(n + SECOND) as { mac_address: string };
	const second = { addr: `10.9.0.${n % 200}`, version: 4, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": mac };
	const addresses = Object.fromEntries(
		Object.entries(plain.addresses).map(([name, list]) => [name, hasTwoNics(n) ? [...list, second] : list]),
	);
	return {
		...plain,
		addresses,
		status: "ACTIVE",
		updated: "2026-11-22T08:46:17Z",
		key_name: `key-${networkOf(n)}`,
		"OS-EXT-SRV-ATTR:user_data": USER_DATA,
		"os-extended-volumes:volumes_attached": [],
	};
}

/** A collection in the order of ids, with the members that it can be filtered by. */
function collection(items: readonly Item[], ...filters: string[]) {
	const sorted = items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
	const index = new Map(filters.map((by) => [by, Map.groupBy(sorted, ({ record }) => `${record[by]}`)]));
	return { sorted, positions: new Map(sorted.map(({ id }, at) => [id, at])), index };
}
type Collection = ReturnType<typeof collection>;

function generate(count: number) {
	const numbers = Array.from({ length: count }, (_, n) => n);
	const networks = Array.from({ length: networkOf(count - 1) + 1 }, (_, n) => n);
	const ports = [...numbers.map(port), ...numbers.filter(hasTwoNics).map(secondPort)];
	const servers = numbers.map((n) => item(novaServer(n)));
	const none: Item[] = [];
	const neutron: Readonly<Record<string, Collection>> = {
		ports: collection(ports.map(item), "id", "device_id", "network_id"),
		networks: collection(
			networks.map((n) => item(network(n))),
			"id",
		),
		subnets: collection(
			networks.map((n) => item(subnet(n))),
			"id",
		),
		trunks: collection(none, "id", "port_id"),
		floatingips: collection(none, "id", "port_id"),
		"security-groups": collection(none, "id"),
	};
	// Nova lists the newest first.
	const newest = servers.toReversed();
	return {
		neutron,
		byUuid: collection(servers, "id"),
		newest,
		newestAt: new Map(newest.map(({ id }, at) => [id, at])),
	};
}

type Cloud = ReturnType<typeof generate>;

const FILTERS = ["id", "device_id", "port_id", "network_id"];

/** Work in the order in which it comes. */
function createWorkers() {
	let free = WORKERS;
	const waiting: (() => void)[] = [];
	const kinds: Record<string, number> = {};
	const stats = { calls: 0, busy: 0, kinds };
	async function run(kind: string, milliseconds: number): Promise<void> {
		stats.calls++;
		kinds[kind] = (kinds[kind] ?? 0) + 1;
		stats.busy += milliseconds;
		if (free === 0) await new Promise<void>((resolve) => void waiting.push(resolve));
		else free--;
		await new Promise<void>((resolve) => void setTimeout(resolve, milliseconds));
		const next = waiting.shift();
		if (next === undefined) free++;
		else next();
	}
	return { run, stats };
}

async function startSimulatedCloud(count: number): Promise<string> {
	const cloud = generate(count);
	const [network, compute] = [createWorkers(), createWorkers()];
	let polls = 0;
	const http = createServer((request, response) => void answer(request, response));
	const origin = () => `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(request.url ?? "", origin());
		const [, service = "", , ...path] = url.pathname.split("/");
		if (service === "calls") return send(response, 200, JSON.stringify(calls()));
		if (service === "identity") return login(response, origin());
		const isPoll = url.searchParams.has("changes-since") || url.searchParams.getAll("fields").includes("sub_ports");
		const workers = service === "network" ? network : compute;
		const found = (service === "network" ? fromNeutron : fromNova)(cloud, path, url);
		if (isPoll) polls++;
		else await workers.run(kindOf(path, url), found.cost);
		send(response, found.body === undefined ? 404 : 200, found.body ?? "{}");
	}

	function calls(): Calls {
		const { user, system } = process.cpuUsage();
		return { network: network.stats, compute: compute.stats, polls, cpu: user + system };
	}

	await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
	return origin();
}

function login(response: ServerResponse, origin: string): void {
	const endpoint = (path: string) => [{ interface: "public", region: "R", url: `${origin}${path}` }];
	const catalog = [
		{ type: "network", endpoints: endpoint("/network") },
		{ type: "compute", endpoints: endpoint("/compute/v2.1") },
	];
	const now = Date.now();
	const times = { issued_at: new Date(now).toISOString(), expires_at: new Date(now + 3_600_000).toISOString() };
	response.setHeader("x-subject-token", "token");
	send(response, 201, JSON.stringify({ token: { ...times, catalog } }));
}

function fromNeutron({ neutron }: Cloud, [name = ""]: readonly string[], url: URL): Found {
	if (name === "extensions")
		return {
			cost: COST.call,
			body: '{"extensions":[{"alias":"router"},{"alias":"trunk"},{"alias":"security-group"}]}',
		};
	const found = neutron[name];
	if (found === undefined) return { cost: COST.call };
	const fields = url.searchParams.getAll("fields");
	const by = FILTERS.find((filter) => url.searchParams.has(filter));
	const items =
		by === undefined
			? undefined
			: url.searchParams.getAll(by).flatMap((value) => found.index.get(by)?.get(value) ?? []);
	const owner = url.searchParams.get("device_owner");
	const wanted = owner === null ? items : items?.filter(({ record }) => record["device_owner"] === owner);
	const page = wanted === undefined ? pageOf(found.sorted, found.positions, url) : { items: wanted };
	const json = (one: Item) => (fields.length === 0 ? one.json : `{"id":"${one.id}","revision_number":1}`);
	const cost = COST.call + page.items.length * (fields.length === 0 ? COST.port : COST.revision);
	return { cost, body: listing(name.replaceAll("-", "_"), page, url, json) };
}

function fromNova(cloud: Cloud, [first = "", id = "", more]: readonly string[], url: URL): Found {
	if (first === "") return { cost: COST.call, body: '{"version":{"id":"v2.1","min_version":"2.1","version":"2.93"}}' };
	if (first === "os-keypairs") {
		const keypair = {
			name: id,
			user_id: url.searchParams.get("user_id"),
			type: "ssh",
			public_key: "ssh-ed25519 AAAA",
		};
		return { cost: COST.keypair, body: JSON.stringify({ keypair }) };
	}
	if (more === "os-interface") return { cost: COST.interfaces, body: '{"interfaceAttachments":[]}' };
	if (id !== "" && id !== "detail") {
		const [found] = cloud.byUuid.index.get("id")?.get(id) ?? [];
		return { cost: COST.server, ...(found && { body: `{"server":${found.json}}` }) };
	}
	if (url.searchParams.has("changes-since")) return { cost: COST.call, body: '{"servers":[]}' };
	return listServers(cloud, url);
}

function listServers({ byUuid, newest, newestAt }: Cloud, url: URL): Found {
	const uuid = url.searchParams.get("uuid");
	const isSorted = url.searchParams.get("sort_key") === "uuid";
	const page =
		uuid !== null
			? { items: byUuid.index.get("id")?.get(uuid) ?? [] }
			: pageOf(isSorted ? byUuid.sorted : newest, isSorted ? byUuid.positions : newestAt, url);
	return {
		cost: COST.call + page.items.length * COST.listedServer,
		body: listing("servers", page, url, ({ json }) => json),
	};
}

/** `servers/detail`, `servers/ID`, `ports by device_id`, `ports, revisions` … */
function kindOf(path: readonly string[], { searchParams }: URL): string {
	const name = path.map((part) => (/\d/.test(part) ? "ID" : part)).join("/");
	const by = FILTERS.find((filter) => searchParams.has(filter));
	return `${name}${by === undefined ? "" : ` by ${by}`}${searchParams.has("fields") ? ", revisions" : ""}`;
}

interface Found {
	readonly cost: number;
	readonly body?: string;
}
interface Page {
	readonly items: readonly Item[];
	readonly next?: string;
}

function pageOf(items: readonly Item[], positions: ReadonlyMap<string, number>, url: URL): Page {
	const marker = url.searchParams.get("marker");
	const start = marker === null ? 0 : (positions.get(marker) ?? items.length) + 1;
	const size = Math.min(1000, Number(url.searchParams.get("limit") ?? 1000));
	const page = items.slice(start, start + size);
	const last = page.at(-1);
	return { items: page, ...(last !== undefined && start + size < items.length && { next: last.id }) };
}

function listing(member: string, { items, next }: Page, url: URL, json: (item: Item) => string): string {
	const list = `"${member}":[${items.map(json).join(",")}]`;
	if (next === undefined) return `{${list}}`;
	const href = new URL(url);
	href.searchParams.set("marker", next);
	return `{${list},"${member}_links":[{"rel":"next","href":"${href.href}"}]}`;
}

function send(response: ServerResponse, status: number, body: string): void {
	response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
	response.end(body);
}

if (import.meta.main) process.stderr.write(`${await startSimulatedCloud(Number(process.argv[2]))}\n`);
