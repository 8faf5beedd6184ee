/** A metadata service over instances in memory, and a client that sends exactly the given bytes. */
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { pythonJson } from "../src/documents/python-json.ts";
import { type DocumentSettings, defaultSettings } from "../src/documents/settings.ts";
import {
	type MetadataListener,
	type MetadataService,
	type MetadataServiceOptions,
	startMetadataService,
} from "../src/http/guest/metadata-service.ts";
import { assemble } from "../src/instance/assemble.ts";
import type { Instance } from "../src/instance/instance.ts";
import { createGuestDocuments } from "../src/service/guest-documents.ts";
import { createLog } from "../src/service/log.ts";
import { createMetrics } from "../src/service/metrics.ts";
import type { InstanceCache } from "../src/source/instance-cache.ts";
import { hasMatchingPort } from "../src/source/ownership.ts";
import type { PortQuery } from "../src/source/source.ts";
import { openDatabase } from "../src/store/database.ts";
import { createPasswordStore } from "../src/store/password-store.ts";
import { recordedCases } from "./recorded.ts";

/** The shared secret of the recorded cloud. */
export const SECRET = Buffer.from("anchor-secret");

const staticVendorData = pythonJson(
	readFileSync(new URL("./fixtures/zed/a-dhcp4/vendor_data.json", import.meta.url), "utf8"),
);

export const novaSettings: DocumentSettings = {
	...defaultSettings(new Uint8Array(32)),
	profile: "nova",
	novaRelease: "zed",
	staticVendorData,
};

export const recordedInstances: readonly Instance[] = recordedCases().map(({ facts }) => assemble(facts));

export function recordedInstance(name: string): Instance {
	const found = recordedInstances.find((instance) => instance.server?.name === name);
	if (found === undefined) throw new Error(`no recorded instance ${name}`);
	return found;
}

export interface GuestFacts {
	readonly id?: string;
	readonly projectId?: string;
	readonly address: string;
	readonly macAddress?: string;
	readonly networkId?: string;
	readonly userData?: Uint8Array;
}

/** An instance with one NIC. */
export function guest(facts: GuestFacts): Instance {
	const { id = "11111111-2222-4333-8444-555555555555", projectId = "project-1", address, networkId = "net-1" } = facts;
	const nothing = { subports: [], trunks: [], dhcpPorts: [], floatingIps: [], securityGroups: [] };
	const noDevices = { interfaceAttachments: [], volumeAttachments: [], bareMetalPorts: [], portGroups: [] };
	const subnetId = `subnet of ${networkId}`;
	const port = {
		...{ id: `port of ${id}`, name: "", network_id: networkId, mac_address: facts.macAddress ?? "fa:16:3e:00:00:99" },
		...{ device_id: id, device_owner: "compute:nova", project_id: projectId },
		fixed_ips: [{ subnet_id: subnetId, ip_address: address }],
		...{ security_groups: [], allowed_address_pairs: [], tags: [] },
	};
	const subnet = {
		...{ id: subnetId, name: "", network_id: networkId, cidr: `${address}/${address.includes(":") ? 64 : 24}` },
		...{ gateway_ip: null, enable_dhcp: true, ipv6_ra_mode: null, ipv6_address_mode: null },
		...{ dns_nameservers: [], host_routes: [], tags: [] },
	};
	const userData = facts.userData && { "OS-EXT-SRV-ATTR:user_data": Buffer.from(facts.userData).toString("base64") };
	const server = { id, name: id, tenant_id: projectId, metadata: {}, addresses: {}, security_groups: [], ...userData };
	const networks = [{ id: networkId, name: "", mtu: 1500, tags: [] }];
	return assemble({ id, server, ports: [port], networks, subnets: [subnet], ...nothing, ...noDevices });
}

/** A cache with the given instances: every entry is warm, and owners are found by searching all ports. */
export function instancesOf(
	instances: readonly Instance[],
	routers: Readonly<Record<string, readonly string[]>> = {},
): InstanceCache {
	const byId = new Map(instances.map((instance) => [instance.id, instance]));
	return {
		get: (id) => byId.get(id),
		revalidate: (id) => byId.get(id),
		owners: ({ routerId, ...query }: PortQuery) => {
			const networks = routerId === undefined ? [query.networkId] : (routers[routerId] ?? []);
			const isAsked = (networkId: string) => networks.some((one) => one === undefined || one === networkId);
			return instances.flatMap((instance) => {
				const { id, projectId, ports } = instance;
				const on = [...new Set(ports.map(({ network }) => network.id))].filter(isAsked);
				const matching = on.filter((networkId) => hasMatchingPort(instance, { ...query, networkId }));
				return matching.map((networkId) => ({ id, ...(projectId !== undefined && { projectId }), networkId }));
			});
		},
		list: async () =>
			instances.map(({ id, projectId, server }) => ({
				id,
				name: server?.name ?? id,
				...(projectId !== undefined && { projectId }),
			})),
		prepare: async () => undefined,
		onOutdated: () => {},
		stats: () => ({
			entries: byId.size,
			bytes: 0,
			hits: 0,
			misses: 0,
			refreshes: 0,
			staleAnswers: 0,
			oldestStaleSeconds: 0,
		}),
		close: async () => {},
	};
}

export interface TestService extends MetadataService {
	/** Every line of the log, as text. */
	readonly lines: readonly string[];
	readonly metrics: ReturnType<typeof createMetrics>;
	/** Sends to the first listener. */
	ask(request: Partial<RawRequest>): Promise<RawAnswer>;
}

export async function startTestService(
	listeners: readonly MetadataListener[],
	options: Partial<MetadataServiceOptions> & { readonly settings?: DocumentSettings } = {},
): Promise<TestService> {
	const lines: string[] = [];
	const instances = options.instances ?? instancesOf(recordedInstances);
	const metrics = createMetrics(instancesOf([]));
	const state = await openDatabase("memory");
	const service = await startMetadataService({
		listeners,
		instances,
		documents: createGuestDocuments(options.settings ?? novaSettings),
		passwords: createPasswordStore(state),
		log: createLog({ write: (line) => lines.push(line) }),
		metrics,
		...options,
	});
	return {
		...service,
		lines,
		metrics,
		ask: (request) => send(service.addresses[0] ?? "", request),
		async close() {
			await service.close();
			await state.close();
		},
	};
}

export function signature(id: string, secret: Uint8Array = SECRET): string {
	return createHmac("sha256", secret).update(id).digest("hex");
}

/** The headers that Neutron's agent sends for an instance. */
export function signedHeaders({ id, projectId }: Instance): [string, string][] {
	return [
		["X-Instance-ID", id],
		["X-Tenant-ID", projectId ?? ""],
		["X-Instance-ID-Signature", signature(id)],
		["X-Forwarded-For", "10.1.0.10"],
	];
}

export interface RawRequest {
	readonly method: string;
	readonly path: string;
	/** In the order in which they are sent, with repetitions. */
	readonly headers: readonly (readonly [string, string])[];
	readonly body: string | Uint8Array;
}

export interface RawAnswer {
	readonly status: number;
	/** Names in lower case. */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

/** One request on its own connection. `where` is an address as services report it. */
export function send(where: string, request: Partial<RawRequest>): Promise<RawAnswer> {
	const { method = "GET", path = "/", headers = [["Host", "169.254.169.254"]], body = "" } = request;
	const length: [string, string][] = body.length > 0 ? [["Content-Length", String(Buffer.byteLength(body))]] : [];
	const lines = [...headers, ...length, ["Connection", "close"]].map(([name, value]) => `${name}: ${value}\r\n`);
	return sendBytes(
		where,
		Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1"), Buffer.from(body)]),
	);
}

/** Sends bytes and reads until the other side closes. */
export async function sendBytes(where: string, bytes: Uint8Array): Promise<RawAnswer> {
	const chunks: Buffer[] = [];
	const { promise, resolve } = Promise.withResolvers<void>();
	const socket = connect(endpoint(where), () => socket.write(bytes));
	socket.on("data", (chunk) => chunks.push(chunk));
	// The kernel resets the connection after the response if the rest of the request was not read.
	socket.on("error", () => resolve());
	socket.on("close", () => resolve());
	await promise;
	return parseAnswer(Buffer.concat(chunks));
}

export function endpoint(where: string): { path: string } | { host: string; port: number } {
	if (!where.startsWith("http://")) return { path: where };
	const { hostname, port } = new URL(where);
	return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}

export function parseAnswer(bytes: Buffer): RawAnswer {
	const end = bytes.indexOf("\r\n\r\n");
	const [statusLine = "", ...lines] = bytes.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n");
	const headers = Object.fromEntries(
		lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
	);
	return { status: Number(statusLine.split(" ")[1] ?? 0), headers, body: bytes.subarray(end + 4) };
}
