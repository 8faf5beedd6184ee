/** Neutron's and Nova's APIs, each with what is needed to ask it. */
import { GuestwireError } from "../../errors.ts";
import { type Api, createApi } from "./api.ts";
import { type Environment, type FoundCloud, findCloud } from "./clouds-yaml.ts";
import { createSession, type Session } from "./keystone.ts";
import { chooseMicroversion, newestMicroversion } from "./microversion.ts";
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
	/** Nova's newest, as it said some minutes ago at most. */
	newestMicroversion(): Promise<string>;
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
	const versions = remembered(async () => {
		const answer = await root.get("/");
		if (answer !== undefined) return { chosen: chooseMicroversion(answer), newest: newestMicroversion(answer) };
		throw new GuestwireError(
			"cloud-answer",
			`${await computeBase()}/: 404; is the catalogue's compute endpoint Nova's?`,
		);
	});
	const microversion = async () => (await versions()).chosen;
	return {
		found,
		session,
		microversion,
		newestMicroversion: async () => (await versions()).newest,
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

/** How old an answer may get before it is asked for again: Nova is upgraded now and then. Milliseconds. */
const REMEMBERED = 600_000;

/** Asks once, and again when the answer is old; until there is a new one, the last holds. A failure is not kept. */
function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
	let answer: Promise<T> | undefined;
	let askedAt = 0;
	return () => {
		if (answer === undefined) {
			askedAt = performance.now();
			answer = ask().catch((error: unknown) => {
				answer = undefined;
				throw error;
			});
		} else if (performance.now() - askedAt > REMEMBERED) {
			askedAt = performance.now();
			ask().then(
				(newer) => {
					answer = Promise.resolve(newer);
				},
				() => {}, // the last answer holds
			);
		}
		return answer;
	};
}
