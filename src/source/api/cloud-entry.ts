/** What openstacksdk accepts in an entry of clouds.yaml besides its plain form (openstack/config/loader.py). */
import { join } from "node:path";
import { isMap } from "../../instance/is-map.ts";

type Entry = Readonly<Record<string, unknown>>;

/** The profile that an entry is based on: a name in clouds-public.yaml. */
export function profileOf(entry: unknown): string | undefined {
	const name = isMap(entry) ? (entry["profile"] ?? entry["cloud"]) : undefined;
	return typeof name === "string" && name !== "" ? name : undefined;
}

/** Members of the second entry override those of the first, within `auth` too. */
export function mergeEntries(base: unknown, over: unknown): unknown {
	if (!isMap(base) || !isMap(over)) return over ?? base ?? {};
	const auth = { ...partOf(base), ...partOf(over) };
	return { ...base, ...over, auth };
}

function partOf({ auth }: Entry): Entry {
	return isMap(auth) ? auth : {};
}

/**
 * The entry in its plain form.
 *
 * @param authMembers the names that belong into `auth`; beside it they take precedence
 * @param home what `~` stands for
 */
export function plainEntry(entry: unknown, authMembers: readonly string[], home: string): unknown {
	if (!isMap(entry)) return entry;
	const { auth: given, ...members } = withUnderscores(entry);
	if (given !== undefined && given !== null && !isMap(given)) return entry;
	const beside = Object.entries(members).filter(([name, value]) => authMembers.includes(name) && value !== null);
	const others = Object.entries(members).filter(([name]) => !authMembers.includes(name));
	const auth = { ...withUnderscores(given ?? {}), ...Object.fromEntries(beside) };
	return { ...Object.fromEntries(others.flatMap(([name, value]) => plainMember(name, value, home))), auth };
}

/** Adds the `values` that the chosen region has in `regions`: that of `region_name`, or else the first. */
export function withRegionValues(entry: unknown, plain: (values: unknown) => unknown): unknown {
	if (!isMap(entry) || !Array.isArray(entry["regions"])) return entry;
	const { region_name: wanted, regions } = entry;
	const region: unknown = regions.find((one) => wanted === undefined || (isMap(one) ? one["name"] : one) === wanted);
	const values = isMap(region) ? region["values"] : undefined;
	return isMap(values) ? mergeEntries(entry, plain(values)) : entry;
}

/** Fills in the `auth_url` of a profile, which may name other members: `https://{region_name}.example.org`. */
export function withAuthUrl(entry: unknown): unknown {
	if (!isMap(entry) || !isMap(entry["auth"])) return entry;
	const { auth_url: url } = entry["auth"];
	if (typeof url !== "string") return entry;
	const memberOf = (reference: string, name: string) => {
		const value = Object.hasOwn(entry, name) ? entry[name] : undefined;
		return typeof value === "string" ? value : reference;
	};
	return { ...entry, auth: { ...entry["auth"], auth_url: url.replaceAll(/\{(\w+)\}/g, memberOf) } };
}

/** Names may be written with dashes. */
function withUnderscores(entry: Entry): Record<string, unknown> {
	return Object.fromEntries(Object.entries(entry).map(([name, value]) => [name.replaceAll("-", "_"), value]));
}

function plainMember(name: string, value: unknown, home: string): [string, unknown][] {
	if (/^(region_name|cacert|cert|key)$/.test(name) && (value === "" || value === null)) return [];
	if (/^(cacert|cert|key)$/.test(name) && typeof value === "string" && /^~(\/|$)/.test(value)) {
		return [[name, join(home, value.slice(1))]];
	}
	// PyYAML reads YAML 1.1, in which `no` is a boolean.
	if (/^(verify|insecure)$/.test(name) && typeof value === "string" && /^(true|false|yes|no|on|off)$/i.test(value)) {
		return [[name, /^(true|yes|on)$/i.test(value)]];
	}
	return [[name, value]];
}
