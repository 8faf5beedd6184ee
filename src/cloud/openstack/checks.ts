/** Is every part of the cloud reachable, and may the user do what Guestwire asks? */
import Type from "typebox";
import { GuestwireError } from "../../errors.ts";
import { PortFacts, ServerFacts } from "../../instance/facts.ts";
import { reader } from "./answers.ts";
import { firstPage } from "./api.ts";
import { isAtLeast } from "./microversion.ts";
import type { Query } from "./query.ts";
import type { Services } from "./services.ts";

/** What a check found, in words for a person. */
export interface Finding {
	readonly part: string;
	readonly ok: boolean;
	/** What was seen and, where it is not well, what to do. */
	readonly found: string;
}

/** What later checks try their hands on: an instance of the cloud, and a port of it. */
interface Samples {
	server?: ServerFacts;
	port?: PortFacts;
}

type Check = (services: Services, samples: Samples, now: () => number) => Promise<string>;

const ROLE = "give the user the role or the policy that docs/openstack.md names";
/** The furthest that a clock may be off. Seconds. */
const SKEW = 30;
/** What a Neutron may lack, and what is left out then. */
const EXTENSIONS: Readonly<Record<string, string>> = {
	"trunk-details": "VLANs of trunks",
	router: "floating IPs",
	"security-group": "security groups",
	"net-mtu": "MTUs",
	"dns-integration": "DNS names",
	"standard-attr-tag": "tags",
};

const readServer = reader(ServerFacts);
const readPort = reader(PortFacts);
const readAlias = reader(Type.Object({ alias: Type.String() }));

/**
 * Checks a cloud part by part. Without a token nothing else can be tried.
 *
 * @param now Unix milliseconds
 */
export async function checkCloud(services: Services, now: () => number): Promise<Finding[]> {
	const samples: Samples = {};
	const findings: Finding[] = [];
	for (const [part, check] of Object.entries(CHECKS)) {
		const finding = await findingOf(part, () => check(services, samples, now));
		findings.push(finding);
		if (part === "credentials" && !finding.ok) break;
	}
	return findings;
}

/** What the check says, or what it is broken by. */
export async function findingOf(part: string, check: () => Promise<string>): Promise<Finding> {
	try {
		return { part, ok: true, found: await check() };
	} catch (error) {
		if (!(error instanceof GuestwireError)) throw error;
		return { part, ok: false, found: error.message };
	}
}

const CHECKS: Readonly<Record<string, Check>> = {
	credentials: async ({ session, found: { where } }) => {
		const { user, project, roles, lifetime } = await session.token();
		const as = `${user ?? "a user"} in ${project ?? "no project"}, roles ${roles.join(", ") || "none"}`;
		return `${where}: ${as}; tokens live ${Math.round(lifetime / 60_000)} min`;
	},

	clock: async ({ session }, _, now) => {
		const { issuedAt } = await session.token(); // which was given a moment ago
		const off = Math.round((now() - issuedAt) / 1000);
		if (Math.abs(off) < SKEW) return "agrees with Keystone's";
		return broken(
			`is ${Math.abs(off)} s ${off > 0 ? "ahead of" : "behind"} Keystone's: set both right (chrony, systemd-timesyncd)`,
		);
	},

	catalogue: async ({ session }) => {
		const [network, compute] = [await session.endpoint("network"), await session.endpoint("compute")];
		return `network ${network}, compute ${compute}`;
	},

	"Nova's microversion": async ({ microversion }) => {
		const version = await microversion();
		return isAtLeast(version, "2.70") ? version : `${version}: too old to tell device tags (2.70)`;
	},

	"all projects' servers": async ({ compute }, samples) => {
		const servers = await firstPage(compute, "/servers/detail", "servers", [
			["all_tenants", "1"],
			["limit", "20"],
		]);
		const hidden = servers.find(({ value }) => !Object.hasOwn(value as object, "OS-EXT-SRV-ATTR:user_data"));
		if (hidden) broken(`${hidden.where}: OS-EXT-SRV-ATTR members are hidden from the user: ${ROLE}`);
		const wired = servers
			.map(({ value, where }) => readServer(value, where))
			.filter(({ addresses }) => Object.keys(addresses).length > 0);
		const sample = wired.find(({ key_name }) => key_name) ?? wired[0];
		if (sample === undefined) return "may be listed; there is none with an address yet, to try the rest on";
		samples.server = sample;
		return `may be listed, user data and all; the rest is tried on ${sample.name} (${sample.id})`;
	},

	"other users' key pairs": async ({ compute }, { server }) => {
		if (!server?.key_name) return NOTHING_TO_TRY;
		const { key_name: name, user_id: user = "" } = server;
		const found = await compute.get(`/os-keypairs/${encodeURIComponent(name)}`, [["user_id", user]]);
		return found ? "may be read" : `the server's key pair ${name} is deleted; a guest gets none then`;
	},

	"device tags": async ({ compute }, { server }) => {
		if (server === undefined) return NOTHING_TO_TRY;
		if (await compute.get(`/servers/${server.id}/os-interface`)) return "may be read";
		return "hidden from the user, as from all but administrators: meta_data.json has no devices";
	},

	"all projects' ports": async ({ network }, samples) => {
		const query: Query = samples.server ? [["device_id", samples.server.id]] : [["limit", "1"]];
		const [first] = await firstPage(network, "/ports", "ports", query);
		if (first === undefined)
			return samples.server ? broken(`those of ${samples.server.id} are hidden: ${ROLE}`) : NOTHING_TO_TRY;
		samples.port = readPort(first.value, first.where);
		if (samples.port["binding:vif_type"] !== undefined) return "may be listed, bindings and all";
		return broken(`${first.where}: binding:vif_type is hidden, so that no unplugged NIC can be told: ${ROLE}`);
	},

	"all projects' networks": async ({ network }, { port }) => {
		if (port === undefined) return NOTHING_TO_TRY;
		const networks = await firstPage(network, "/networks", "networks", [["id", port.network_id]]);
		const subnets = port.fixed_ips.map(({ subnet_id }) =>
			firstPage(network, "/subnets", "subnets", [["id", subnet_id]]),
		);
		const isHidden = networks.length === 0 || (await Promise.all(subnets)).some((found) => found.length === 0);
		return isHidden ? broken(`those of port ${port.id} or their subnets are hidden: ${ROLE}`) : "may be listed";
	},

	"Neutron's extensions": async ({ network }) => {
		const extensions = await firstPage(network, "/extensions", "extensions", []);
		const known = new Set(extensions.map(({ value, where }) => readAlias(value, where).alias));
		const lacking = Object.entries(EXTENSIONS).filter(([alias]) => !known.has(alias));
		if (lacking.length === 0) return "all that are read are there";
		return `without ${lacking.map(([alias, what]) => `${alias} (no ${what})`).join(", ")}`;
	},
};

const NOTHING_TO_TRY = "nothing to try it on yet";

function broken(what: string): never {
	throw new GuestwireError("cloud-answer", what);
}
