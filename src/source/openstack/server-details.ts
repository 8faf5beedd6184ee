/** What only calls of its own return of a server: volumes, NICs' tags, CPUs, shares. */
import type { ListedDetails } from "../remote-source.ts";
import type { Resource, ServerDetails } from "../resource.ts";
import { mayPinCpus, type Nova } from "./nova.ts";
import type { ServerAnswer } from "./servers.ts";

export interface ServerDetailsReader {
	load(server: ServerAnswer, requestedAt: number): Promise<Resource>;
	/** What the server itself shows of its details. */
	shown(server: ServerAnswer): Promise<ListedDetails>;
	/** A server's details, if no further call is needed to know them. */
	atHand(server: ServerAnswer, requestedAt: number): Promise<Resource[]>;
}

const NO_DETAILS: ServerDetails = { interfaceAttachments: [], volumeAttachments: [] };

export function createServerDetailsReader(nova: Nova): ServerDetailsReader {
	const shown = async (server: ServerAnswer): Promise<ListedDetails> => ({
		volumeIds: server["os-extended-volumes:volumes_attached"].map(({ id }) => id),
		mayHaveTags: nova.mayHaveTags(nicsOf(server)),
		mayHaveOthers: mayPinCpus(server) || (await nova.haveShares()),
	});
	return {
		shown,
		async load(server, requestedAt) {
			const [interfaceAttachments, volumeAttachments, dedicatedCpus, shares] = await Promise.all([
				nova.mayHaveTags(nicsOf(server)) ? nova.currentInterfaceAttachments(server.id) : [],
				nova.volumeAttachments(server),
				nova.dedicatedCpus(server),
				nova.shares(server),
			]);
			const more = { ...(dedicatedCpus && { dedicatedCpus }), ...(shares && { shares }) };
			const content = { interfaceAttachments, volumeAttachments, ...more };
			return { kind: "server_details", id: server.id, requestedAt, content };
		},
		async atHand(server, requestedAt) {
			const { volumeIds, mayHaveTags, mayHaveOthers } = await shown(server);
			if (volumeIds.length > 0 || mayHaveTags || mayHaveOthers) return [];
			return [{ kind: "server_details", id: server.id, requestedAt, content: NO_DETAILS }];
		},
	};
}

/** How many NICs a server's addresses show: one for each MAC address, and one for a network without an address. */
function nicsOf({ addresses }: ServerAnswer): number {
	const networks = Object.values(addresses);
	const macs = networks.flatMap((list) => list.map((address) => address["OS-EXT-IPS-MAC:mac_addr"]));
	return new Set(macs).size + networks.filter((list) => list.length === 0).length;
}
