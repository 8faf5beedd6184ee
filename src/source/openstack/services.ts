/** Neutron's and Nova's APIs, each with what is needed to ask it. */
import { GuestwireError } from "../../errors.ts";
import { type Api, createApi } from "./api.ts";
import { type Environment, type FoundCloud, findCloud } from "./clouds-yaml.ts";
import { createSession, type Session } from "./keystone.ts";
import { chooseMicroversion } from "./microversion.ts";
import { createRest } from "./rest.ts";

export interface CloudChoice {
	/** An entry of clouds.yaml; without, `OS_CLOUD` or the other `OS_*` variables. */
	readonly cloud?: string | undefined;
	readonly env: Environment;
}

export interface Services {
	readonly found: FoundCloud;
	readonly session: Session;
	readonly network: Api;
	/** Speaks the microversion. */
	readonly compute: Api;
	/** The newest that Nova and Guestwire both know. */
	microversion(): Promise<string>;
	close(): Promise<void>;
}

/**
 * Reads who and where to ask. Nothing is asked yet, so that a service can start while its cloud is down.
 *
 * @throws GuestwireError `config`
 */
export async function openServices({ cloud, env }: CloudChoice): Promise<Services> {
	const found = await findCloud(cloud, env);
	const rest = await createRest(found.entry);
	const session = createSession(found, rest, () => performance.now());
	// Catalogues name an endpoint with or without version, Nova's with or without a project too.
	const networkBase = async () => `${(await session.endpoint("network")).replace(/\/v2\.0$/, "")}/v2.0`;
	const computeBase = async () => `${(await session.endpoint("compute")).replace(/\/v2(\.\d+)?(\/[^/]*)?$/, "")}/v2.1`;
	const root = createApi({ session, rest, base: computeBase });
	const microversion = remembered(async () => {
		const answer = await root.get("/");
		if (answer !== undefined) return chooseMicroversion(answer);
		throw new GuestwireError(
			"cloud-answer",
			`${await computeBase()}/: 404; is the catalogue's compute endpoint Nova's?`,
		);
	});
	return {
		found,
		session,
		microversion,
		network: createApi({ session, rest, base: networkBase }),
		compute: createApi({
			session,
			rest,
			base: computeBase,
			headers: async () => ({ "openstack-api-version": `compute ${await microversion()}` }),
		}),
		close: () => rest.close(),
	};
}

/** Asks once; again only after a failure. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
	let answer: Promise<T> | undefined;
	return () => {
		answer ??= ask().catch((error: unknown) => {
			answer = undefined;
			throw error;
		});
		return answer;
	};
}
