/** An Ironic on loopback with the recorded records of a real one, which hides, filters and pages as it does. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type IronicRecord = Record<string, unknown> & { readonly uuid: string };
export type IronicRelease = "29" | "35" | "39";
type Collection = "nodes" | "ports" | "portgroups";

/** A recorded answer, as `{status, headers, body}`. */
export function recordedAnswer(release: IronicRelease, name: string) {
	const url = new URL(`./fixtures/ironic/${release}/${name}.json`, import.meta.url);
	return JSON.parse(readFileSync(url, "utf8")) as {
		readonly status: number;
		readonly headers: Readonly<Record<string, string>>;
		readonly body: Record<string, unknown>;
	};
}

export interface FakeIronic {
	/** Tests change them. */
	readonly records: Record<Collection, IronicRecord[]>;
	/** `/v1/nodes?…` of each request, in order. */
	readonly requests: string[];
	/** `[api]max_limit` */
	pageSize: number;
	/** The body of `/`. */
	root: unknown;
	/** Given, answers a request instead. */
	instead: (url: URL, request: IncomingMessage) => { readonly status: number; readonly body: unknown } | undefined;
	readonly url: string;
	/** As OS_* variables. */
	readonly env: Readonly<Record<string, string>>;
	close(): Promise<void>;
}

export async function startFakeIronic(release: IronicRelease = "29"): Promise<FakeIronic> {
	const listed = (collection: Collection) =>
		recordedAnswer(release, `${collection}-detail`).body[collection] as IronicRecord[];
	const server = createServer();
	const fake = {
		records: { nodes: listed("nodes"), ports: listed("ports"), portgroups: listed("portgroups") },
		requests: [] as string[],
		pageSize: 1000,
		root: recordedAnswer(release, "root").body as unknown,
		instead: (() => undefined) as FakeIronic["instead"],
	};
	server.on("request", (request: IncomingMessage, response: ServerResponse) => {
		const url = new URL(request.url ?? "/", "http://ironic");
		fake.requests.push(url.pathname + decodeURIComponent(url.search));
		const { status, body } = fake.instead(url, request) ?? answer(fake, url);
		response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	return Object.assign(fake, {
		url,
		env: { OS_AUTH_TYPE: "none", OS_ENDPOINT: url },
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	});
}

type Served = Pick<FakeIronic, "records" | "pageSize" | "root">;

function answer({ records, pageSize, root }: Served, { pathname, searchParams }: URL) {
	if (pathname === "/") return { status: 200, body: root };
	const [, version, collection = "", uuid] = pathname.split("/");
	if (version !== "v1" || !(collection in records)) return recordedAnswer("29", "not-a-path");
	const all = records[collection as Collection];
	const fields = searchParams.get("fields")?.split(",");
	const pick = (record: IronicRecord) =>
		fields === undefined ? record : Object.fromEntries(fields.map((field) => [field, record[field]]));
	if (uuid !== undefined) {
		const found = all.find((record) => record.uuid === uuid);
		return found ? { status: 200, body: pick(found) } : recordedAnswer("29", "node-not-found");
	}
	const isListed = (record: IronicRecord) => {
		const isHidden = collection === "nodes" && record["parent_node"] !== null && !searchParams.has("include_children");
		const instance = searchParams.get("instance_uuid") ?? record["instance_uuid"];
		const node = searchParams.get("node") ?? record["node_uuid"];
		const address = searchParams.get("address") ?? record["address"];
		return (
			!isHidden && record["instance_uuid"] === instance && record["node_uuid"] === node && record["address"] === address
		);
	};
	const matching = all.filter(isListed);
	const marker = searchParams.get("marker");
	const start = marker === null ? 0 : matching.findIndex((record) => record.uuid === marker) + 1;
	if (marker !== null && start === 0) return recordedAnswer("29", "page-marker-unknown");
	const page = matching.slice(start, start + Math.min(pageSize, Number(searchParams.get("limit") ?? pageSize)));
	const isMore = start + page.length < matching.length;
	// A real one forgets include_children here.
	const next = `http://internal:6385/v1/${collection}?marker=${page.at(-1)?.uuid}`;
	return { status: 200, body: { [collection]: page.map(pick), ...(isMore && { next }) } };
}
