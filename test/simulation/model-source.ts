/** The model cloud's API, with its faults: a remote source of its own for each process. */
import { GuestwireError } from "../../src/errors.ts";
import { emptyFacts } from "../../src/instance/empty-facts.ts";
import type { InstanceFacts, PortFacts } from "../../src/instance/facts.ts";
import { assembleOwned, matchesQuery, ownerOf, ownPorts } from "../../src/source/ownership.ts";
import type {
	FoundResources,
	ListedDetails,
	Reference,
	RemoteSource,
	ResourceReader,
} from "../../src/source/remote-source.ts";
import type { Resource, ResourceContents, ResourceKind, ServerDetails } from "../../src/source/resource.ts";
import { keypairId } from "../../src/source/source.ts";
import type { ModelCloud } from "./model-cloud.ts";
import { createModelSignals, type SignalFaults } from "./model-signals.ts";
import type { Process, Scheduler } from "./scheduler.ts";

export interface ApiFaults {
	isDown: boolean;
	/** Probabilities of an error, an answer that can't be understood, and a call that takes long. */
	errors: number;
	oddAnswers: number;
	slowness: number;
	/** Whether the API hides a member of ports from Guestwire's user: their revisions don't show it. */
	hidesMembers: boolean;
	/** `kind id` of resources whose records can't be read. */
	readonly unreadable: Set<string>;
}

export interface ModelSourceOptions {
	readonly cloud: ModelCloud;
	readonly scheduler: Scheduler;
	readonly process: Process;
	readonly api: ApiFaults;
	readonly signals: SignalFaults;
	readonly hasBus: boolean;
	/** Called with a number of calls. */
	readonly onCalls?: (count: number) => void;
}

const KINDS = ["network", "subnet", "port", "trunk", "security_group", "floatingip", "server"] as const;
/** Without revisions, as Nova's. */
const NO_REVISIONS: ReadonlySet<ResourceKind> = new Set(["server", "server_details", "keypair"]);
const PAGE = 3;
/** Nova returns the details of one server at a time. Milliseconds. */
const DETAILS_COST = 100;

export function createModelSource(options: ModelSourceOptions): RemoteSource {
	const { cloud, scheduler, process, api } = options;
	const { random } = scheduler;

	/**
	 * A call: its answer shows the cloud at some moment while it is under way. What has no revisions is shown in the order
	 * of the requests: without it, nobody could tell the order of the answers.
	 */
	async function call<T>(kind: ResourceKind, work: (requestedAt: number) => T, signal?: AbortSignal): Promise<T> {
		options.onCalls?.(1);
		const requestedAt = scheduler.clockOf(process).now();
		const isSlow = random.chance(api.slowness);
		if (isSlow) scheduler.count("API call slow");
		const before = NO_REVISIONS.has(kind) ? 5 : 1 + random.below(isSlow ? 3000 : 50);
		await scheduler.after(before, process, signal);
		if (api.isDown || random.chance(api.errors)) {
			scheduler.count(api.isDown ? "API away" : "API error");
			throw new GuestwireError("cloud-unavailable", "the model cloud is away");
		}
		if (random.chance(api.oddAnswers)) {
			scheduler.count("API answer odd");
			throw new GuestwireError("cloud-answer", "half an answer");
		}
		const result = work(requestedAt);
		await scheduler.after(1 + random.below(isSlow ? 3000 : 50), process, signal);
		return result;
	}

	function resource(kind: ResourceKind, id: string, requestedAt: number): Resource | undefined {
		const found = cloud.get(kind, id);
		if (found === undefined) return undefined;
		const { content, revision } = found;
		const one = { kind, id, requestedAt, content: kind === "port" ? visible(content as PortFacts) : content };
		return (NO_REVISIONS.has(kind) ? one : { ...one, revision }) as Resource;
	}

	function visible(port: PortFacts): PortFacts {
		if (!api.hidesMembers) return port;
		scheduler.count("member hidden");
		const { "binding:vif_type": _, ...others } = port;
		return others;
	}

	function read(kind: ResourceKind, ids: readonly string[], requestedAt: number): FoundResources {
		const isUnreadable = (id: string) => api.unreadable.has(`${kind} ${id}`) && cloud.get(kind, id) !== undefined;
		if (ids.some(isUnreadable)) scheduler.count("record unreadable");
		const readable = ids.filter((id) => !isUnreadable(id));
		return {
			resources: readable.flatMap((id) => resource(kind, id, requestedAt) ?? []),
			gone: readable.filter((id) => cloud.get(kind, id) === undefined),
			unreadable: ids.filter(isUnreadable).map((id) => ({ kind, id, reason: "an odd record" })),
			requestedAt,
		};
	}

	function listedDetails(id: string): ListedDetails {
		const { content } = cloud.get("server_details", id) ?? {};
		const { volumeAttachments = [], interfaceAttachments = [] } = (content ?? {}) as Partial<ServerDetails>;
		const volumeIds = volumeAttachments.map(({ volumeId }) => volumeId);
		return { volumeIds, mayHaveTags: interfaceAttachments.length > 0, mayHaveOthers: false };
	}

	/** The ids of the listing when the page before was read. */
	const listed = new Map<ResourceKind, string>();
	function pageOf(kind: ResourceKind, marker: string | undefined): { ids: string[]; next?: string } {
		const all = cloud.ids(kind).toSorted();
		if (kind === "server") all.reverse();
		if (marker !== undefined && listed.get(kind) !== all.join()) scheduler.count("page shifted");
		listed.set(kind, all.join());
		const at = marker === undefined ? -1 : all.indexOf(marker);
		if (marker !== undefined && at < 0) throw new GuestwireError("cloud-answer", `there is no ${kind} ${marker}`);
		const ids = all.slice(at + 1, at + 1 + PAGE);
		const last = ids.at(-1);
		return last === undefined || at + 1 + PAGE >= all.length ? { ids } : { ids, next: last };
	}

	const referring: Record<Reference, (ids: readonly string[]) => [ResourceKind, string[]]> = {
		"ports of devices": (ids) => ["port", portIds(({ device_id }) => ids.includes(device_id))],
		"ports of networks": (ids) => ["port", portIds(({ network_id }) => ids.includes(network_id))],
		"DHCP ports of networks": () => ["port", []],
		"trunks of ports": (ids) => [
			"trunk",
			cloud
				.all("trunk")
				.filter((one) => ids.includes(one.port_id))
				.map(({ id }) => id),
		],
		"floating IPs of ports": (ids) => [
			"floatingip",
			cloud
				.all("floatingip")
				.filter(({ port_id }) => ids.includes(port_id ?? ""))
				.map(({ id }) => id),
		],
	};
	const portIds = (isWanted: (port: PortFacts) => boolean) =>
		cloud
			.all("port")
			.filter(isWanted)
			.map(({ id }) => id);

	const resources: ResourceReader = {
		kinds: KINDS,
		page: (kind, { marker }, signal) =>
			call(
				kind,
				(requestedAt) => {
					const { ids, ...next } = pageOf(kind, marker);
					return { ...read(kind, ids, requestedAt), ...next };
				},
				signal,
			),
		revisionPage: (kind, { marker }, signal) =>
			call(
				kind,
				(requestedAt) => {
					const { ids, ...next } = pageOf(kind, marker);
					const revisions = ids.map((id) => {
						const { revision = 0, content } = cloud.get(kind, id) ?? {};
						if (!NO_REVISIONS.has(kind)) return { id, revision };
						return { id, content: content as ResourceContents["server"], details: listedDetails(id) };
					});
					return { revisions, requestedAt, ...next };
				},
				signal,
			),
		async byId(kind, ids, signal) {
			const found = await call(kind, (requestedAt) => read(kind, ids, requestedAt), signal);
			if (kind !== "server_details") return found;
			options.onCalls?.(ids.length - 1);
			await scheduler.after(ids.length * DETAILS_COST, process, signal);
			return found;
		},
		referringTo: (reference, ids, signal) =>
			call(
				referring[reference]([])[0],
				(requestedAt) => {
					const [kind, found] = referring[reference](ids);
					return read(kind, found, requestedAt);
				},
				signal,
			),
	};
	const facts: RemoteSource["facts"] = (id, _detail, signal) =>
		call(
			"server",
			() => {
				const found = modelFacts(cloud, id);
				const isOdd = found !== undefined && [...api.unreadable].some((name) => namesOf(found).has(name));
				if (isOdd) throw new GuestwireError("cloud-answer", "an odd record");
				return found;
			},
			signal,
		);
	return {
		sourceId: "model",
		resources,
		signals: createModelSignals(options.signals, scheduler, process, options.hasBus),
		facts,
		async instance(id, detail, signal) {
			const found = await facts(id, detail, signal);
			return found && assembleOwned(found);
		},
		owners: (query, signal) =>
			call(
				"server",
				() => {
					const matching = cloud.all("port").filter((port) => matchesQuery(port, query));
					return matching.flatMap((port) => ownerOf(port, nicOf(cloud, port)) ?? []);
				},
				signal,
			),
		list: (signal) => call("server", () => cloud.all("server").map(({ id, name }) => ({ id, name })), signal),
		close: async () => {},
	};
}

function nicOf(cloud: ModelCloud, port: PortFacts): PortFacts {
	const trunk = cloud.all("trunk").find(({ sub_ports }) => sub_ports.some(({ port_id }) => port_id === port.id));
	return (trunk && (cloud.get("port", trunk.port_id)?.content as PortFacts | undefined)) ?? port;
}

/** What the cloud knows about an instance at this moment. */
export function modelFacts(cloud: ModelCloud, id: string): InstanceFacts | undefined {
	const content = <Kind extends ResourceKind>(kind: Kind, one: string) =>
		cloud.get(kind, one)?.content as ResourceContents[Kind] | undefined;
	const server = content("server", id);
	if (server === undefined) return undefined;
	const claims = cloud.all("port").filter(({ device_id }) => device_id === id);
	const { ports } = ownPorts(claims, server);
	const portIds = ports.map((port) => port.id);
	const trunks = cloud.all("trunk").filter(({ port_id }) => portIds.includes(port_id));
	const subports = trunks.flatMap(({ sub_ports }) =>
		sub_ports.flatMap(({ port_id }) => content("port", port_id) ?? []),
	);
	const everyPort = [...ports, ...subports];
	const details = content("server_details", id);
	const keypair = content("keypair", keypairId(server.user_id ?? "", String(server.key_name)));
	const ids = everyPort.map((port) => port.id);
	const each = <Kind extends ResourceKind>(kind: Kind, some: readonly string[]) =>
		[...new Set(some)].toSorted().flatMap((one) => content(kind, one) ?? []);
	return {
		...emptyFacts(id),
		...{ server, ports, subports, trunks },
		...(keypair && { keypairs: [keypair] }),
		networks: each(
			"network",
			everyPort.map(({ network_id }) => network_id),
		),
		subnets: each(
			"subnet",
			everyPort.flatMap(({ fixed_ips }) => fixed_ips.map(({ subnet_id }) => subnet_id)),
		),
		securityGroups: each(
			"security_group",
			everyPort.flatMap(({ security_groups }) => security_groups),
		),
		floatingIps: cloud.all("floatingip").filter(({ port_id }) => ids.includes(port_id ?? "")),
		interfaceAttachments: details?.interfaceAttachments ?? [],
		volumeAttachments: details?.volumeAttachments ?? [],
	};
}

function namesOf({ id, ports, subports, networks, subnets }: InstanceFacts): Set<string> {
	return new Set([
		`server ${id}`,
		...[...ports, ...subports].map((port) => `port ${port.id}`),
		...networks.map((network) => `network ${network.id}`),
		...subnets.map((subnet) => `subnet ${subnet.id}`),
	]);
}
