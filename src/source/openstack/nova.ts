/** What hangs on Nova's servers. https://docs.openstack.org/api-ref/compute/ */
import Type from "typebox";
import { InterfaceAttachmentFacts, KeypairFacts, VolumeAttachmentFacts } from "../../instance/facts.ts";
import type { InstanceSummary } from "../source.ts";
import { type Reader, reader } from "./answers.ts";
import { type Api, notThere } from "./api.ts";
import { shared } from "./batch.ts";
import { isAtLeast } from "./microversion.ts";
import type { Query } from "./query.ts";
import { createServers, type ServerAnswer } from "./servers.ts";

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

export const TAGS_SINCE = "2.70";
export const TOPOLOGY_SINCE = "2.78";

export interface Nova {
	/** Undefined: there is none. */
	server(id: string): Promise<ServerAnswer | undefined>;
	keypair(server: ServerAnswer): Promise<KeypairFacts | undefined>;
	/** With the NICs' tags. */
	interfaceAttachments(serverId: string, portIds: readonly string[]): Promise<readonly InterfaceAttachmentFacts[]>;
	volumeAttachments(server: ServerAnswer): Promise<readonly VolumeAttachmentFacts[]>;
	/** Guest CPUs pinned to host CPUs of their own. */
	dedicatedCpus(server: ServerAnswer): Promise<readonly number[] | undefined>;
	list(): Promise<readonly InstanceSummary[]>;
}

/** A key pair is replaced, not changed, and a NIC keeps its tag: they serve so long. Milliseconds. */
const SHARE_UNCHANGING = 60_000;

/**
 * @param api speaks the microversion
 * @param microversion what Nova and Guestwire both know
 * @param share milliseconds for which a server serves other look-ups too
 */
export function createNova(api: Api, microversion: () => Promise<string>, share: number): Nova {
	async function read<T>(path: string, schema: Reader<T>, query?: Query): Promise<T | undefined> {
		const answer = await api.get(path, query);
		return answer && schema(answer.value, answer.where);
	}
	const keypair = shared(async (nameAndUser) => {
		const [name = "", user = ""] = JSON.parse(nameAndUser);
		return (await read(`/os-keypairs/${encodeURIComponent(name)}`, readKeypair, [["user_id", user]]))?.keypair;
	}, SHARE_UNCHANGING);
	const interfaces = shared(async (serverAndPorts) => {
		const [server] = serverAndPorts.split(" ");
		return (await read(`/servers/${server}/os-interface`, readInterfaces))?.interfaceAttachments ?? [];
	}, SHARE_UNCHANGING);

	return {
		server: createServers(api, share),
		async keypair({ key_name: name, user_id: user }) {
			return name && user ? keypair(JSON.stringify([name, user])) : undefined;
		},
		async interfaceAttachments(serverId, portIds) {
			if (!isAtLeast(await microversion(), TAGS_SINCE)) return [];
			return interfaces([serverId, ...portIds].join(" "));
		},
		async volumeAttachments({ id, "os-extended-volumes:volumes_attached": volumes }) {
			if (volumes.length === 0) return [];
			return (await read(`/servers/${id}/os-volume_attachments`, readVolumes))?.volumeAttachments ?? [];
		},
		async dedicatedCpus(server) {
			if (!mayPinCpus(server) || !isAtLeast(await microversion(), TOPOLOGY_SINCE)) return undefined;
			const nodes = (await read(`/servers/${server.id}/topology`, readTopology))?.nodes ?? [];
			return nodes.flatMap(({ cpu_pinning }) => Object.keys(cpu_pinning ?? {}).map(Number)).sort((a, b) => a - b);
		},
		async list() {
			const query = [
				["all_tenants", "1"],
				["limit", "1000"],
			] as const;
			const servers = await api.list("/servers", "servers", query);
			if (servers === undefined) throw notThere("/servers");
			return servers.map(({ value, where }) => readSummary(value, where));
		},
	};
}

/** A flavor asks for CPUs of its own in one of two ways; only then is Nova asked which they are. */
function mayPinCpus({ flavor }: ServerAnswer): boolean {
	const specs = flavor?.extra_specs ?? {};
	return /^(dedicated|mixed)$/.test(specs["hw:cpu_policy"] ?? "") || "resources:PCPU" in specs;
}
