/** Neutron's and Nova's APIs, ready to call. */
import { GuestwireError } from "../../errors.ts";
import { type Api, createApi } from "../api/api.ts";
import { type CloudChoice, type FoundCloud, findCloud } from "../api/clouds-yaml.ts";
import { byToken, createSession, regionOf, type Session } from "../api/keystone.ts";
import { neutronBase } from "../api/neutron-base.ts";
import { remembered } from "../api/remembered.ts";
import { createRest } from "../api/rest.ts";
import { createIronicApi } from "../ironic/access.ts";
import { ifUsable } from "../ironic/if-usable.ts";
import type { Ironic } from "../ironic/ironic.ts";
import { chooseMicroversion, newestMicroversion } from "./microversion.ts";

export interface Services {
	readonly found: FoundCloud;
	/** Keystone's URL and the region. */
	readonly sourceId: string;
	readonly session: Session;
	readonly network: Api;
	/** Sends the microversion. */
	readonly compute: Api;
	/** The newest microversion that both Nova and Guestwire support. */
	microversion(): Promise<string>;
	/** Nova's newest microversion, at most some minutes old. */
	newestMicroversion(): Promise<string>;
	/** The types of the catalogue's services. */
	serviceTypes(): Promise<readonly string[]>;
	/** Undefined if the catalogue has none. */
	ironic(): Promise<Ironic | undefined>;
	close(): Promise<void>;
}

/**
 * Reads the cloud's entry and credentials. Nothing is called yet, so that a service can start while its cloud is down.
 *
 * @throws GuestwireError `config`
 */
export async function openServices({ cloud, env }: CloudChoice): Promise<Services> {
	const found = await findCloud(cloud, env);
	// Neutron and Nova have connections of their own, even if a proxy serves all APIs: neither waits for the other's queue.
	const open = () => createRest(found.entry);
	const [rest, forNetwork, forCompute] = await Promise.all([open(), open(), open()]);
	const session = createSession(found, rest, () => performance.now());
	const authorize = byToken(session);
	// Endpoints in catalogues may end with a version, and Nova's with a project too.
	const networkBase = async () => neutronBase(await session.endpoint("network"));
	const computeBase = async () => `${(await session.endpoint("compute")).replace(/\/v2(\.\d+)?(\/[^/]*)?$/, "")}/v2.1`;
	const root = createApi({ authorize, rest: forCompute, base: computeBase });
	const { ironic } = createIronicApi({ authorize, rest, endpoint: () => session.endpoint("baremetal") });
	const versions = remembered(async () => {
		const answer = await root.get("/");
		if (answer !== undefined) return { chosen: chooseMicroversion(answer), newest: newestMicroversion(answer) };
		throw new GuestwireError(
			"cloud-answer",
			`${await computeBase()}/: answered 404; check that the catalogue's compute endpoint is Nova's`,
		);
	});
	const microversion = async () => (await versions()).chosen;
	return {
		found,
		sourceId: [session.identityUrl, regionOf(found.entry) ?? ""].join(" ").trim(),
		session,
		microversion,
		newestMicroversion: async () => (await versions()).newest,
		network: createApi({ authorize, rest: forNetwork, base: networkBase }),
		compute: createApi({
			authorize,
			rest: forCompute,
			base: computeBase,
			headers: async () => ({ "openstack-api-version": `compute ${await microversion()}` }),
		}),
		serviceTypes: async () => (await session.token()).catalogue.map(({ type }) => type),
		ironic: async () => ((await session.hasEndpoint("baremetal")) ? ifUsable(ironic) : undefined),
		async close() {
			await Promise.all([rest, forNetwork, forCompute].map((one) => one.close()));
		},
	};
}
