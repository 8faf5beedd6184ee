/** Is every part of the cloud reachable, and may the user do what Guestwire asks? */
import Type from "typebox";
import { GuestwireError } from "../../errors.ts";
import { PortFacts, ServerFacts, TrunkFacts } from "../../instance/facts.ts";
import { keyNamesOf } from "../../instance/keypairs.ts";
import { reader } from "../api/answers.ts";
import { firstPage } from "../api/api.ts";
import { isAtLeast } from "../api/microversion.ts";
import type { Query } from "../api/query.ts";
import { type CheckResult, checkPart } from "../source-kind.ts";
import { TAGS_SINCE, TOPOLOGY_SINCE } from "./nova.ts";
import { changedSince } from "./polls.ts";
import { onlyOne } from "./servers.ts";
import type { Services } from "./services.ts";
import { createShares } from "./shares.ts";

/** What later checks use: an instance of the cloud with an address, and one of its ports. */
interface Samples {
	hasServers?: boolean;
	server?: ServerFacts;
	port?: PortFacts;
}

type Check = (services: Services, samples: Samples, now: () => number) => Promise<string>;

const ROLE = "give the user the role or the policy that docs/openstack.md names";
/** The furthest that a clock may be off. */
const MOST_SKEW_SECONDS = 30;
/** What a Neutron may lack, and what is left out then. */
const EXTENSIONS: Readonly<Record<string, string>> = {
	"trunk-details": "VLANs of trunks",
	router: "floating IPs",
	"security-group": "security groups",
	"net-mtu": "MTUs",
	"dns-integration": "DNS names",
	"standard-attr-tag": "tags",
};

/** What only an administrator sees of a network by default. */
const PROVIDER = ["provider:network_type", "provider:physical_network", "provider:segmentation_id"];

/** The id of no server. */
const NOBODY = "00000000-0000-0000-0000-000000000000";
/** What Nova returns only to administrators, and the microversion from which it is requested. */
const ADMINISTRATORS: readonly { readonly path: string; readonly since?: string; readonly what: string }[] = [
	{ path: "os-interface", since: TAGS_SINCE, what: "NICs' tags" },
	{ path: "os-volume_attachments", what: "volumes' tags and device names" },
	{ path: "topology", since: TOPOLOGY_SINCE, what: "dedicated CPUs" },
];

const readServer = reader(ServerFacts);
const readPort = reader(PortFacts);
const readTrunk = reader(TrunkFacts);
const readAlias = reader(Type.Object({ alias: Type.String() }));

/**
 * Checks a cloud part by part. Without a token nothing else can be tried.
 *
 * @param now Unix milliseconds
 */
export async function checkCloud(services: Services, now: () => number): Promise<CheckResult[]> {
	const samples: Samples = {};
	const results: CheckResult[] = [];
	for (const [part, check] of Object.entries(CHECKS)) {
		const result = await checkPart(part, () => check(services, samples, now));
		results.push(result);
		if (part === "credentials" && !result.ok) break;
	}
	return results;
}

const CHECKS: Readonly<Record<string, Check>> = {
	credentials: async ({ session, found: { where } }) => {
		const { user, project, roles, lifetime } = await session.token();
		const as = `${user ?? "a user"} in ${project ?? "no project"}, roles ${roles.join(", ") || "none"}`;
		return `${where}: ${as}; tokens are valid for ${Math.round(lifetime / 60_000)} min`;
	},

	clock: async ({ session }, _, now) => {
		const { issuedAt } = await session.token(); // which was given a moment ago
		const off = Math.round((now() - issuedAt) / 1000);
		if (Math.abs(off) < MOST_SKEW_SECONDS) return "agrees with Keystone's";
		return broken(
			`is ${Math.abs(off)} s ${off > 0 ? "ahead of" : "behind"} Keystone's: synchronize both clocks (chrony, systemd-timesyncd)`,
		);
	},

	catalogue: async ({ session }) => {
		const [network, compute] = [await session.endpoint("network"), await session.endpoint("compute")];
		return `network ${network}, compute ${compute}`;
	},

	"Nova's microversion": async ({ microversion }) => {
		const version = await microversion();
		return isAtLeast(version, TAGS_SINCE) ? version : `${version}: too old for device tags (${TAGS_SINCE})`;
	},

	"all projects' servers": async ({ compute }, samples) => {
		const servers = await firstPage(compute, "/servers/detail", "servers", [
			["all_tenants", "1"],
			["limit", "20"],
		]);
		samples.hasServers = servers.length > 0;
		// Before they are read, which fills in what is absent.
		const hidden = servers.find(({ value }) => !Object.hasOwn(value as object, "OS-EXT-SRV-ATTR:user_data"));
		const wired = servers
			.map(({ value, where }) => readServer(value, where))
			.filter(({ addresses }) => Object.keys(addresses).length > 0);
		const sample = wired.find(({ key_name }) => key_name) ?? wired[0];
		if (sample) samples.server = sample;
		if (hidden) return broken(`${hidden.where}: OS-EXT-SRV-ATTR members are hidden from the user: ${ROLE}`);
		if (sample === undefined) return "can be listed; the remaining checks need a server with an address";
		return `can be listed, including user data; the remaining checks use ${sample.name} (${sample.id})`;
	},

	"servers by id": async ({ compute }, { hasServers }) => {
		if (!hasServers) return NOTHING_TO_TRY;
		const [other] = await firstPage(compute, "/servers/detail", "servers", onlyOne(NOBODY));
		if (other === undefined) return "can be requested";
		return broken(`Nova ignores this user's filter "uuid" (servers:allow_all_filters): ${ROLE}`);
	},

	"changed servers": async ({ compute }) => {
		await firstPage(compute, "/servers/detail", "servers", changedSince(Date.now()));
		return "can be listed, including deleted ones";
	},

	"all servers' names": async ({ compute }) => {
		await firstPage(compute, "/servers", "servers", [
			["all_tenants", "1"],
			["limit", "1"],
		]);
		return "can be listed";
	},

	"other users' key pairs": async ({ compute }, { server }) => {
		const [name] = server ? keyNamesOf(server) : [];
		if (name === undefined) return NOTHING_TO_TRY;
		const user = server?.user_id ?? "";
		const found = await compute.get(`/os-keypairs/${encodeURIComponent(name)}`, [["user_id", user]]);
		return found ? "can be read" : `key pair ${name} was deleted, so its servers' guests get no key`;
	},

	"what administrators see": async (services, { server }) => {
		if (server === undefined) return NOTHING_TO_TRY;
		const { compute, microversion } = services;
		const hidden: string[] = [];
		for (const { path, since, what } of ADMINISTRATORS) {
			if (since !== undefined && !isAtLeast(await microversion(), since)) continue;
			if ((await compute.get(`/servers/${server.id}/${path}`)) === undefined) hidden.push(what);
		}
		if (await createShares(compute, services).areHidden(server)) hidden.push("shares (os-server-shares:index)");
		return hidden.length === 0
			? "can be read"
			: `hidden from the user, and therefore missing from documents: ${hidden.join(", ")}`;
	},

	"all projects' ports": async ({ network }, samples) => {
		if (samples.server === undefined) return NOTHING_TO_TRY; // any port may be of the user's own project
		const [first] = await firstPage(network, "/ports", "ports", [["device_id", samples.server.id]]);
		if (first === undefined) return broken(`those of ${samples.server.id} are hidden (get_port): ${ROLE}`);
		samples.port = readPort(first.value, first.where);
		if (samples.port["binding:vif_type"] !== undefined) return "can be listed, including bindings";
		return broken(`${first.where}: binding:vif_type is hidden, so unplugged NICs cannot be recognized: ${ROLE}`);
	},

	"all projects' networks": async ({ network }, { port }) => {
		if (port === undefined) return NOTHING_TO_TRY;
		const networks = await firstPage(network, "/networks", "networks", [["id", port.network_id]]);
		const subnets = port.fixed_ips.map(({ subnet_id }) =>
			firstPage(network, "/subnets", "subnets", [["id", subnet_id]]),
		);
		const isHidden = networks.length === 0 || (await Promise.all(subnets)).some((found) => found.length === 0);
		if (isHidden)
			return broken(`those of port ${port.id} or their subnets are hidden (get_network, get_subnet): ${ROLE}`);
		const hidden = PROVIDER.filter((member) => networks.every(({ value }) => !Object.hasOwn(value as object, member)));
		if (hidden.length === 0) return "can be listed, including provider details";
		if ((await network.get("/extensions/provider")) === undefined) return "can be listed";
		return broken(`hidden: ${hidden.map((member) => `get_network:${member}`).join(", ")}: ${ROLE}`);
	},

	"all projects' trunks": async ({ network }, { port }) => {
		if (port === undefined) return NOTHING_TO_TRY;
		const [first] = await firstPage(network, "/ports", "ports", anyOwnedBy("trunk:subport"));
		if (first === undefined) return NOTHING_TO_TRY;
		const { id, project_id: project = "" } = readPort(first.value, first.where);
		const answers = await firstPage(network, "/trunks", "trunks", [["project_id", project]]);
		const [trunk] = answers.map(({ value, where }) => readTrunk(value, where)).filter(({ sub_ports }) => sub_ports[0]);
		if (trunk === undefined) return broken(`that of subport ${id} is hidden (get_trunk): ${ROLE}`);
		const ids = trunk.sub_ports.map(({ port_id }): Query[number] => ["id", port_id]).slice(0, 20);
		const subports = await firstPage(network, "/ports", "ports", ids);
		if (subports.length === ids.length) return "can be listed, including their subports";
		return broken(`subports of trunk ${trunk.id} are hidden (get_port): ${ROLE}`);
	},

	"all projects' floating IPs": async ({ network }, { port }) => {
		if (port === undefined) return NOTHING_TO_TRY;
		// Its port, on the external network, is Neutron's own and has its id.
		const [first] = await firstPage(network, "/ports", "ports", anyOwnedBy("network:floatingip"));
		if (first === undefined) return NOTHING_TO_TRY;
		const { device_id: id } = readPort(first.value, first.where);
		const found = await firstPage(network, "/floatingips", "floatingips", [["id", id]]);
		return found.length > 0 ? "can be listed" : broken(`${id} is hidden (get_floatingip): ${ROLE}`);
	},

	"all projects' security groups": async ({ network }, { port }) => {
		const [id] = port?.security_groups ?? [];
		if (id === undefined) return NOTHING_TO_TRY;
		const found = await firstPage(network, "/security-groups", "security_groups", [["id", id]]);
		return found.length > 0 ? "can be listed" : broken(`${id} is hidden (get_security_group): ${ROLE}`);
	},

	"Neutron's extensions": async ({ network }) => {
		const extensions = await firstPage(network, "/extensions", "extensions", []);
		const known = new Set(extensions.map(({ value, where }) => readAlias(value, where).alias));
		const lacking = Object.entries(EXTENSIONS).filter(([alias]) => !known.has(alias));
		if (lacking.length === 0) return "all required extensions are available";
		return `missing: ${lacking.map(([alias, what]) => `${alias} (no ${what})`).join(", ")}`;
	},
};

const anyOwnedBy = (owner: string): Query => [
	["device_owner", owner],
	["limit", "1"],
];

const NOTHING_TO_TRY = "not checked: no suitable resource exists yet";

function broken(what: string): never {
	throw new GuestwireError("cloud-answer", what);
}
