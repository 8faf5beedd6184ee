/** Ironic's API, ready to call: with Keystone, with a password of Ironic's own, or open to everybody. */
import Type from "typebox";
import { GuestwireError } from "../../errors.ts";
import { reader } from "../api/answers.ts";
import { type Api, createApi } from "../api/api.ts";
import { type CloudChoice, type FoundCloud, findCloud } from "../api/clouds-yaml.ts";
import { byToken, createSession, regionOf, type Session } from "../api/keystone.ts";
import { type KnownMicroversions, negotiateMicroversion } from "../api/microversion.ts";
import { neutronBase } from "../api/neutron-base.ts";
import { remembered } from "../api/remembered.ts";
import { type Authorization, createRest, type Reply, type Rest } from "../api/rest.ts";
import { faultOf } from "./fault.ts";
import { createIronic, type Ironic } from "./ironic.ts";

export interface IronicAccess {
	readonly ironic: Ironic;
	/** The newest microversion that both Ironic and Guestwire support. */
	microversion(): Promise<string>;
	/** Identifies the Ironic. */
	readonly sourceId: string;
	/** Neutron, if there is a Keystone that names one. */
	readonly network: () => Promise<Api | undefined>;
	/** Keystone's session, if there is a Keystone. */
	readonly session: Session | undefined;
	close(): Promise<void>;
}

/** https://docs.openstack.org/ironic/latest/contributor/webapi-version-history.html */
const KNOWN: KnownMicroversions = {
	service: "Ironic",
	// Nodes with a parent are hidden without `include_children`.
	oldest: "1.83",
	since: "2023.2",
	// 2026.1.
	newest: "1.111",
};

/** The cause of errors that stay until the cloud is changed: the user has no role, or Ironic is too old. */
export const UNUSABLE = new Error("this Ironic can't be used");

const readRoot = reader(
	Type.Object({ default_version: Type.Object({ min_version: Type.String(), version: Type.String() }) }),
);

/**
 * Reads the entry and credentials. Nothing is called yet, so that a service can start while Ironic is down.
 *
 * @throws GuestwireError `config`
 */
export async function openIronicAccess({ cloud, env }: CloudChoice): Promise<IronicAccess> {
	const found = await findCloud(cloud, env);
	const rest = await createRest(found.entry);
	const access = chooseAccess(found, rest);
	const { authorize, endpoint, sourceId } = access;
	return {
		...createIronicApi({ authorize, rest, endpoint }),
		...{ sourceId, session: access.session },
		network: networkOf(access, rest),
		close: () => rest.close(),
	};
}

interface IronicApiOptions {
	readonly authorize: () => Promise<Authorization>;
	readonly rest: Rest;
	readonly endpoint: () => Promise<string>;
}

/** The Ironic at an endpoint, whose URL may end with a version or not. */
export function createIronicApi({
	authorize,
	rest,
	endpoint,
}: IronicApiOptions): Pick<IronicAccess, "ironic" | "microversion"> {
	const root = async () => (await endpoint()).replace(/\/+$/, "").replace(/\/v1$/, "");
	const discovery = createApi({ authorize, rest, base: root, refusal });
	const microversion = remembered(async () => {
		const answer = await discovery.get("/");
		if (answer === undefined) {
			throw new GuestwireError("cloud-answer", `${await root()}/: answered 404; check that the endpoint is Ironic's`);
		}
		return chooseMicroversion(answer.value, answer.where);
	});
	const headers = async () => ({ "x-openstack-ironic-api-version": await microversion() });
	const api = createApi({ authorize, rest, base: async () => `${await root()}/v1`, headers, refusal });
	return { ironic: createIronic(api, microversion), microversion };
}

/** @throws GuestwireError `cloud-answer`: the API is too old, or no longer supports the microversions known here */
export function chooseMicroversion(answer: unknown, where: string): string {
	return negotiateMicroversion(readRoot(answer, where).default_version, KNOWN, where, { cause: UNUSABLE });
}

interface Access extends Pick<IronicApiOptions, "authorize" | "endpoint"> {
	/** Neutron's URL, if the entry says so. */
	readonly network?: string;
	readonly session?: Session;
	readonly sourceId: string;
}

/** By the names of keystoneauth's plugins for a service without Keystone. */
function chooseAccess(found: FoundCloud, rest: Rest): Access {
	const { entry, where } = found;
	const { auth, auth_type: type } = entry;
	if (type !== "none" && type !== "http_basic") {
		const session = createSession(found, rest, () => performance.now());
		const sourceId = ["baremetal", session.identityUrl, regionOf(entry) ?? ""].join(" ").trim();
		return { authorize: byToken(session), endpoint: () => session.endpoint("baremetal"), session, sourceId };
	}
	const url = entry.baremetal_endpoint_override ?? auth.endpoint;
	if (url === undefined || !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
		throw new GuestwireError(
			"config",
			`${where}: auth.endpoint (OS_ENDPOINT) must be Ironic's URL with auth_type ${type}, such as http://host:6385`,
		);
	}
	const headers = type === "none" ? {} : { authorization: basic(found) };
	const network = entry.network_endpoint_override;
	return {
		...{ authorize: async () => ({ headers }), endpoint: async () => url, sourceId: `baremetal ${url}` },
		...(network !== undefined && { network }),
	};
}

function basic({ entry: { auth }, where }: FoundCloud): string {
	const { username, password } = auth;
	if (username === undefined || password === undefined) {
		throw new GuestwireError(
			"config",
			`${where}: auth_type http_basic needs auth.username and auth.password: add them`,
		);
	}
	return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Looked up again when it is needed: a catalogue may get an endpoint. */
function networkOf({ session, network }: Access, rest: Rest): IronicAccess["network"] {
	if (session === undefined) {
		if (network === undefined) return async () => undefined;
		// A Neutron without Keystone does not authenticate callers.
		const api = createApi({ authorize: async () => ({ headers: {} }), rest, base: async () => neutronBase(network) });
		return async () => api;
	}
	const base = async () => neutronBase(await session.endpoint("network"));
	const api = createApi({ authorize: byToken(session), rest, base });
	return async () => ((await session.hasEndpoint("network")) ? api : undefined);
}

function refusal(where: string, { status, text }: Reply): GuestwireError {
	const reason = faultOf(text);
	const said = `${where}: answered ${status}${reason === undefined ? "" : ` (${reason})`}`;
	if (status === 401) {
		return new GuestwireError("cloud-unavailable", `${said}; check auth_type, user and password in the entry`);
	}
	if (status === 403) {
		return new GuestwireError("cloud-answer", `${said}; grant the user the role in docs/bare-metal.md`, {
			cause: UNUSABLE,
		});
	}
	return new GuestwireError("cloud-answer", `${said}; see Ironic's log`);
}
