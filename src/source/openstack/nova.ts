/** Nova's servers, and what belongs to them. https://docs.openstack.org/api-ref/compute/ */
import { LRUCache } from "lru-cache";
import Type from "typebox";
import {
	InterfaceAttachmentFacts,
	KeypairFacts,
	type ShareFacts,
	VolumeAttachmentFacts,
} from "../../instance/facts.ts";
import { keyNamesOf } from "../../instance/keypairs.ts";
import { type Reader, reader } from "../api/answers.ts";
import { type Api, firstPage, notThere } from "../api/api.ts";
import type { Burst } from "../api/batch.ts";
import { createLimit } from "../api/limit.ts";
import { isAtLeast } from "../api/microversion.ts";
import type { Query } from "../api/query.ts";
import { type Shared, shared } from "../api/shared.ts";
import { type Change, type InstanceSummary, keypairId } from "../source.ts";
import { ALL_PROJECTS, createServers, type ServerAnswer, type Servers } from "./servers.ts";
import { createShares, type SharesOptions } from "./shares.ts";

const readSummary = reader(Type.Object({ id: Type.String(), name: Type.String({ default: "" }) }));
const readKeypair = reader(Type.Object({ keypair: KeypairFacts }));
const readInterfaces = reader(Type.Object({ interfaceAttachments: Type.Array(InterfaceAttachmentFacts) }));
const readVolumes = reader(Type.Object({ volumeAttachments: Type.Array(VolumeAttachmentFacts) }));
const readTopology = reader(
	Type.Object({
		nodes: Type.Array(
			Type.Object({
				cpu_pinning: Type.Optional(Type.Union([Type.Record(Type.String(), Type.Integer()), Type.Null()])),
			}),
		),
	}),
);

/** The microversion that added device tags to attachments. */
export const TAGS_SINCE = "2.70";
/** The microversion that added a server's topology. */
export const TOPOLOGY_SINCE = "2.78";
/** Calls for one server's details at a time: listings, which answer for many servers, must not queue behind thousands. */
const DETAILS_AT_ONCE = 4;
/** Servers whose ports are remembered. */
const MOST_SERVERS = 10_000;

export interface Nova {
	/** Undefined if there is none. */
	server(id: string): Promise<ServerAnswer | undefined>;
	/** The servers themselves, requested again. */
	readonly servers: Servers;
	keypairs(server: ServerAnswer): Promise<readonly KeypairFacts[]>;
	/** A key pair, requested again. @param id as `keypairId` writes it */
	currentKeypair(id: string): Promise<KeypairFacts | undefined>;
	/**
	 * Whether NICs may have tags that matter. A tag distinguishes a NIC from others, and Nova returns tags for one instance at
	 * a time, in about 50 ms.
	 */
	mayHaveTags(nics: number): boolean;
	/** The NICs' attachments, which have their tags. */
	interfaceAttachments(serverId: string, portIds: readonly string[]): Promise<readonly InterfaceAttachmentFacts[]>;
	/** The NICs' attachments, requested again. */
	currentInterfaceAttachments(serverId: string): Promise<readonly InterfaceAttachmentFacts[]>;
	volumeAttachments(server: ServerAnswer): Promise<readonly VolumeAttachmentFacts[]>;
	/** The guest's CPUs that are pinned to dedicated host CPUs. */
	dedicatedCpus(server: ServerAnswer): Promise<readonly number[] | undefined>;
	/** A server's shares, as `Shares.of`. */
	shares(server: ServerAnswer): Promise<readonly ShareFacts[] | undefined>;
	/** Whether servers can have shares, which no other record shows. */
	haveShares(): Promise<boolean>;
	list(): Promise<readonly InstanceSummary[]>;
	/** Asks for as little as needs Nova and its database. @throws GuestwireError */
	probe(): Promise<unknown>;
	/** Forgets shared results that contain the changed resources. */
	invalidate(change: Change): void;
}

/** How long results are shared that do not change: a key pair is only ever replaced, and a NIC keeps its tag. Milliseconds. */
const SHARE_UNCHANGING = 60_000;

export interface NovaOptions extends SharesOptions {
	/** Milliseconds for which a server serves other look-ups too. */
	readonly share: number;
	/** Whether a single NIC may have a tag. Default false. */
	readonly tagsOfSingleNics?: boolean | undefined;
	/** A burst of look-ups that lead to look-ups of servers. */
	readonly follows?: Burst;
}

/**
 * @param api sends the microversion
 * @param options `microversion` is the newest that both Nova and Guestwire support
 */
export function createNova(api: Api, options: NovaOptions): Nova {
	const { microversion, share } = options;
	const limit = createLimit(DETAILS_AT_ONCE);
	const readDetail = <T>(serverId: string, what: string, schema: Reader<T>) =>
		limit(() => read(api, `/servers/${serverId}/${what}`, schema));
	const currentInterfaceAttachments = async (serverId: string) => {
		if (!isAtLeast(await microversion(), TAGS_SINCE)) return [];
		return (await readDetail(serverId, "os-interface", readInterfaces))?.interfaceAttachments ?? [];
	};
	const interfaces = createInterfaces(currentInterfaceAttachments);
	const keypairs = createKeypairs(api);
	const servers = createServers(api, options.follows);
	const shares = createShares(api, options);
	// A guest asks for one document after the other: one look-up serves several.
	const server = shared(servers.find, share, (found) => found !== undefined);

	return {
		server,
		servers,
		keypairs: keypairs.of,
		currentKeypair: keypairs.current,
		currentInterfaceAttachments,
		mayHaveTags: (nics) => nics > (options.tagsOfSingleNics ? 0 : 1),
		interfaceAttachments: interfaces.find,
		async volumeAttachments({ id, "os-extended-volumes:volumes_attached": volumes }) {
			if (volumes.length === 0) return [];
			return (await readDetail(id, "os-volume_attachments", readVolumes))?.volumeAttachments ?? [];
		},
		async dedicatedCpus(server) {
			if (!mayPinCpus(server) || !isAtLeast(await microversion(), TOPOLOGY_SINCE)) return undefined;
			const nodes = (await readDetail(server.id, "topology", readTopology))?.nodes ?? [];
			return nodes.flatMap(({ cpu_pinning }) => Object.keys(cpu_pinning ?? {}).map(Number)).sort((a, b) => a - b);
		},
		shares: (server) => shares.of(server, limit),
		haveShares: shares.arePossible,
		async list() {
			const servers = await api.list("/servers", "servers", [...ALL_PROJECTS, ["limit", "1000"]]);
			if (servers === undefined) throw notThere("/servers");
			return servers.map(({ value, where }) => readSummary(value, where));
		},
		probe: () => firstPage(api, "/servers", "servers", [...ALL_PROJECTS, ["limit", "1"]]),
		invalidate({ kind, ids }) {
			if (kind === "keypair") for (const id of ids) keypairs.invalidate(id);
			if (kind !== "server") return;
			for (const id of ids) {
				server.invalidate(id);
				interfaces.invalidate(id);
			}
		},
	};
}

async function read<T>(api: Api, path: string, schema: Reader<T>, query?: Query): Promise<T | undefined> {
	const answer = await api.get(path, query);
	return answer && schema(answer.value, answer.where);
}

function createKeypairs(api: Api) {
	async function current(userAndName: string): Promise<KeypairFacts | undefined> {
		const [user = ""] = userAndName.split(" ", 1);
		const name = userAndName.slice(user.length + 1);
		const path = `/os-keypairs/${encodeURIComponent(name.toWellFormed())}`;
		return (await read(api, path, readKeypair, [["user_id", user]]))?.keypair;
	}

	const keypair = shared(current, SHARE_UNCHANGING);
	return {
		current,
		async of({ user_id: user, ...server }: ServerAnswer): Promise<readonly KeypairFacts[]> {
			const names = user ? keyNamesOf(server) : [];
			const found = await Promise.all(names.map((name) => keypair(keypairId(user ?? "", name))));
			return found.filter((one) => one !== undefined);
		},
		invalidate: keypair.invalidate,
	};
}

/** Shares a server's attachments as long as the server has the same ports. */
function createInterfaces<T>(load: (serverId: string) => Promise<T>) {
	const attachments: Shared<T> = shared(load, SHARE_UNCHANGING);
	const portsOf = new LRUCache<string, string>({ max: MOST_SERVERS });
	return {
		find(serverId: string, portIds: readonly string[]): Promise<T> {
			const ports = portIds.join(" ");
			if (portsOf.get(serverId) !== ports) attachments.invalidate(serverId);
			portsOf.set(serverId, ports);
			return attachments(serverId);
		},
		invalidate: attachments.invalidate,
	};
}

/** A flavor requests dedicated CPUs in one of two ways; only then is Nova asked which they are. */
export function mayPinCpus({ flavor }: ServerAnswer): boolean {
	const specs = flavor?.extra_specs ?? {};
	return /^(dedicated|mixed)$/.test(specs["hw:cpu_policy"] ?? "") || "resources:PCPU" in specs;
}
