/** The Manila shares that are attached to servers. A server's record does not show whether it has any. */
import { LRUCache } from "lru-cache";
import Type from "typebox";
import { ShareFacts } from "../../instance/facts.ts";
import { reader } from "../api/answers.ts";
import { type Api, FORBIDDEN } from "../api/api.ts";
import type { Limit } from "../api/limit.ts";
import { isAtLeast } from "../api/microversion.ts";
import type { ServerAnswer } from "./servers.ts";

const readShares = reader(Type.Object({ shares: Type.Array(ShareFacts) }));

/** The microversion that added shares. */
const SHARES_SINCE = "2.97";
/** The types of Manila in catalogues: the official one and its aliases. https://service-types.openstack.org */
const MANILA_TYPES: readonly string[] = ["shared-file-system", "sharev2", "share"];
/** By default, Nova shows shares to readers of the server's project only. Such a project is asked about again later. Milliseconds. */
const REFUSED_FOR = 600_000;
/** Projects that are remembered as refused. */
const MOST_PROJECTS = 10_000;

export interface SharesOptions {
	readonly microversion: () => Promise<string>;
	/** The types of the catalogue's services. */
	readonly serviceTypes: () => Promise<readonly string[]>;
}

export interface Shares {
	/** Whether servers of this cloud can have shares. */
	arePossible(): Promise<boolean>;
	/** Whether Nova refuses to show this server's shares to the user, or does not show the server. */
	areHidden(server: Pick<ServerAnswer, "id">): Promise<boolean>;
	/**
	 * A server's shares; undefined if this cloud's servers can't have any, or if Nova hides them from the user.
	 *
	 * @param limit runs the call to Nova
	 */
	of(server: ServerAnswer, limit: Limit): Promise<readonly ShareFacts[] | undefined>;
}

/** @param api sends the microversion */
export function createShares(api: Api, { microversion, serviceTypes }: SharesOptions): Shares {
	const refused = new LRUCache<string, true>({ max: MOST_PROJECTS, ttl: REFUSED_FOR });
	const arePossible = async () =>
		isAtLeast(await microversion(), SHARES_SINCE) && (await serviceTypes()).some((type) => MANILA_TYPES.includes(type));
	return {
		arePossible,
		areHidden: async (server) => (await arePossible()) && !Array.isArray(await visibleShares(api, server)),
		async of(server, limit) {
			const { tenant_id: project = "" } = server;
			if (refused.has(project) || !(await arePossible())) return undefined;
			return limit(async () => {
				// Nova may have refused the project while this call waited for its turn.
				if (refused.has(project)) return undefined;
				const found = await visibleShares(api, server);
				if (found !== "refused") return found;
				refused.set(project, true);
				return undefined;
			});
		},
	};
}

/** A server's shares, or whether Nova refuses to show them to the user; undefined for an unknown server. */
async function visibleShares(
	api: Api,
	{ id }: Pick<ServerAnswer, "id">,
): Promise<readonly ShareFacts[] | "refused" | undefined> {
	try {
		const answer = await api.get(`/servers/${id}/shares`);
		return answer && readShares(answer.value, answer.where).shares;
	} catch (error) {
		if ((error as Error).cause !== FORBIDDEN) throw error;
		return "refused";
	}
}
