/**
 * The cloud and its credentials: from `clouds.yaml` and `secure.yaml` or from `OS_*` variables, as in every OpenStack
 * tool. https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { parseYaml } from "../../checked-text.ts";
import { GuestwireError } from "../../errors.ts";
import { reader } from "./answers.ts";
import { mergeEntries, plainEntry, profileOf, withAuthUrl, withRegionValues } from "./cloud-entry.ts";

const text = Type.Optional(Type.String());
const flag = Type.Optional(Type.Boolean());

/** The `auth` of a cloud's entry in the file. */
const Auth = Type.Object({
	auth_url: text,
	username: text,
	user_id: text,
	password: text,
	user_domain_name: text,
	user_domain_id: text,
	project_name: text,
	project_id: text,
	tenant_name: text,
	tenant_id: text,
	project_domain_name: text,
	project_domain_id: text,
	domain_name: text,
	domain_id: text,
	default_domain: text,
	system_scope: text,
	application_credential_id: text,
	application_credential_name: text,
	application_credential_secret: text,
	token: text,
	/** Of the one service, where there is no Keystone. */
	endpoint: text,
});
export type Auth = Static<typeof Auth>;

/** A cloud's entry in the file. */
export const CloudEntry = Type.Object({
	auth_type: text,
	auth: Type.Object(Auth.properties, { default: {} }),
	region_name: text,
	regions: Type.Optional(
		Type.Array(Type.Union([Type.String(), Type.Object({ name: Type.String() })]), { default: [] }),
	),
	interface: text,
	endpoint_type: text,
	verify: flag,
	insecure: flag,
	cacert: text,
	cert: text,
	key: text,
	compute_endpoint_override: text,
	network_endpoint_override: text,
	baremetal_endpoint_override: text,
});
export type CloudEntry = Static<typeof CloudEntry>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** A cloud's entry, and where it was read from, for messages. */
export interface FoundCloud {
	readonly entry: CloudEntry;
	readonly where: string;
}

export interface CloudChoice {
	/** An entry of clouds.yaml; without it, `OS_CLOUD` or the other `OS_*` variables. */
	readonly cloud?: string | undefined;
	readonly env: Environment;
}

/** Where a cloud without an entry is read from. */
export const VARIABLES = "the OS_* variables";

const SUFFIXES = [".yaml", ".yml", ".json"];

const readEntry = reader(CloudEntry, "config");
const readClouds = reader(
	Type.Object({
		clouds: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
		"public-clouds": Type.Record(Type.String(), Type.Unknown(), { default: {} }),
	}),
	"config",
);

/**
 * The entry with the given name or that of `OS_CLOUD`, else the values of the `OS_*` variables, which the name `envvars` (or
 * that in `OS_CLOUD_NAME`) stands for as well.
 *
 * @throws GuestwireError `config`: a missing file or cloud, an invalid member
 */
export async function findCloud(name: string | undefined, env: Environment): Promise<FoundCloud> {
	const wanted = name ?? env["OS_CLOUD"];
	const isInVariables = env["OS_AUTH_URL"] !== undefined || env["OS_ENDPOINT"] !== undefined;
	// The name that openstacksdk gives the cloud of the variables.
	const isOfVariables = isInVariables && wanted === (env["OS_CLOUD_NAME"] || "envvars");
	if (wanted !== undefined && wanted !== "" && !isOfVariables) return fromFiles(wanted, env);
	if (!isInVariables) {
		throw new GuestwireError(
			"config",
			"no cloud is selected: name an entry of clouds.yaml with --os-cloud or OS_CLOUD, or set OS_AUTH_URL",
		);
	}
	const entry = plainEntry(fromVariables(env), Object.keys(Auth.properties), homeOf(env));
	return { entry: readEntry(entry, VARIABLES), where: VARIABLES };
}

async function fromFiles(name: string, env: Environment): Promise<FoundCloud> {
	const places = searchPath(env);
	const clouds = await firstFile("clouds", places, env["OS_CLIENT_CONFIG_FILE"]);
	if (clouds === undefined) {
		throw new GuestwireError(
			"config",
			`cloud ${name}: there is no clouds.yaml in ${places.join(", ")}; set OS_CLIENT_CONFIG_FILE`,
		);
	}
	const secure = await firstFile("secure", places, env["OS_CLIENT_SECURE_FILE"]);
	if (clouds.clouds[name] === undefined && secure?.clouds[name] === undefined) {
		const known = Object.keys(clouds.clouds).join(", ") || "none";
		throw new GuestwireError("config", `${clouds.file}: there is no cloud ${name}; the file has: ${known}`);
	}
	const where = `${clouds.file}: clouds.${name}`;
	const own = mergeEntries(clouds.clouds[name] ?? {}, secure?.clouds[name]);
	const profile = await findProfile(profileOf(own), places, where);
	const plain = (entry: unknown) => plainEntry(entry, Object.keys(Auth.properties), homeOf(env));
	const merged = profile === undefined ? plain(own) : mergeEntries(plain(profile), plain(own));
	return { entry: readEntry(withAuthUrl(withRegionValues(merged, plain)), where), where };
}

/** The files with entries of clouds and their secrets, as far as they exist. @throws GuestwireError `config` */
export async function cloudFiles(env: Environment): Promise<string[]> {
	const places = searchPath(env);
	const clouds = await firstFile("clouds", places, env["OS_CLIENT_CONFIG_FILE"]);
	const secure = await firstFile("secure", places, env["OS_CLIENT_SECURE_FILE"]);
	return [clouds, secure].flatMap((found) => (found === undefined ? [] : [found.file]));
}

/** The profile's entry in clouds-public.yaml. openstacksdk also brings profiles of its own, which are not read. */
async function findProfile(name: string | undefined, places: readonly string[], where: string): Promise<unknown> {
	if (name === undefined) return undefined;
	const found = await firstFile("clouds-public", places, undefined);
	const profile = found?.["public-clouds"][name];
	if (profile !== undefined) return profile;
	const searched = found?.file ?? `clouds-public.yaml of ${places.join(", ")}`;
	throw new GuestwireError(
		"config",
		`${where}: profile ${name} is not in ${searched}: replace it with auth_url and region_name`,
	);
}

function homeOf(env: Environment): string {
	return env["HOME"] ?? homedir();
}

function searchPath(env: Environment): string[] {
	const home = homeOf(env);
	const user = join(env["XDG_CONFIG_HOME"] ?? join(home, ".config"), "openstack");
	return [...new Set([process.cwd(), user, join(home, ".config", "openstack"), "/etc/openstack"])];
}

/** The first of `clouds.yaml`, `.yml`, `.json` along the search path; a file that a variable names must exist. */
async function firstFile(
	stem: "clouds" | "secure" | "clouds-public",
	places: readonly string[],
	named: string | undefined,
) {
	const files = named ? [named] : places.flatMap((place) => SUFFIXES.map((suffix) => join(place, stem + suffix)));
	for (const file of files) {
		const source = await readIfThere(file);
		if (source !== undefined) return { file, ...readClouds(parseYaml(source, file, "config")[0]?.value ?? {}, file) };
	}
	if (named)
		throw new GuestwireError(
			"config",
			`${named} does not exist: correct OS_CLIENT_CONFIG_FILE or OS_CLIENT_SECURE_FILE`,
		);
	return undefined;
}

async function readIfThere(file: string): Promise<string | undefined> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "ENOENT" || code === "ENOTDIR") return undefined;
		throw new GuestwireError("config", `can't read ${file} (${code}): correct its permissions`);
	}
}

/** `OS_AUTH_URL`, `OS_REGION_NAME` …: the members of an entry, in capitals. */
function fromVariables(env: Environment): unknown {
	const take = (members: object) =>
		Object.keys(members).flatMap((member) => {
			const value = env[`OS_${member.toUpperCase()}`];
			return value === undefined || value === "" ? [] : [[member, value]];
		});
	const { auth: _auth, regions: _regions, ...members } = CloudEntry.properties;
	const insecure = /^(1|true|yes)$/i.test(env["OS_INSECURE"] ?? "");
	return { ...Object.fromEntries(take(members)), insecure, auth: Object.fromEntries(take(Auth.properties)) };
}
