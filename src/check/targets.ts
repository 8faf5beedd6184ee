/** What a document is judged for: clients, each in some of its versions and with some of its renderers. */
import { closest } from "fastest-levenshtein";

import { GuestwireError } from "../errors.ts";
import type { Cell } from "./clients/cell.ts";
import type { Client, Condition } from "./clients/client.ts";
import { CLIENTS } from "./clients/index.ts";
import { compareVersions, isVersion } from "./versions.ts";

/** A client, with the cells in which it is judged. */
export interface Target {
	readonly client: Client;
	/** The versions at which something changes, oldest first; a single one when the version is given. */
	readonly versions: readonly string[];
	/** `[""]` for a client without renderers. */
	readonly renderers: readonly string[];
	readonly cells: readonly Cell[];
}

/**
 * Reads `client[@version][:renderer]`, for example `talos`, `cloud-init@22.4`, `cloud-init:netplan` or
 * `cloud-init@22.4:network-manager`. Without a version, all versions in use are judged; without a renderer, all
 * renderers.
 *
 * @throws GuestwireError `usage` for a client or renderer that is unknown, or a malformed version
 */
export function parseTarget(text: string): Target {
	const [, name = "", given, renderer] = /^([^@:]*)(?:@([^:]*))?(?::(.*))?$/s.exec(text.trim().toLowerCase()) ?? [];
	const client = CLIENTS.find((known) => known.name === name);
	const names = CLIENTS.map((known) => known.name);
	if (name === "") throw new GuestwireError("usage", `empty client name; known clients: ${names.join(", ")}`);
	if (!client) throw new GuestwireError("usage", `unknown client "${name}"; did you mean "${closest(name, names)}"?`);
	const version = given === undefined ? undefined : upstreamVersion(given);
	if (version !== undefined && !isVersion(version)) {
		throw new GuestwireError("usage", `invalid version "${given}" of ${name}; write it like ${client.versions.newest}`);
	}
	if (renderer !== undefined && !client.renderers.some((known) => known.name === renderer)) {
		throw new GuestwireError(
			"usage",
			`unknown renderer "${renderer}" of ${name}; ${suggestRenderer(client, renderer)}`,
		);
	}
	return targetOf(client, version, renderer);
}

/** Without what distributors add: `24.1.3` of `24.1.3-0ubuntu1~22.04.1`. */
function upstreamVersion(text: string): string {
	return text.replace(/^v(?=\d)/, "").replace(/[-+~].*[a-z].*$/s, "");
}

/** What to say about a version that lies outside of those in use; undefined if it does not. */
export function outsideUse({
	client: { name, versions },
	versions: [version = "", ...more],
}: Target): string | undefined {
	const isPart = (whole: string, part: string) => whole === part || whole.startsWith(`${part}.`);
	if (more.length > 0 || isPart(versions.oldest, version) || isPart(version, versions.newest)) return undefined;
	const isOlder = compareVersions(version, versions.oldest) < 0;
	if (!isOlder && compareVersions(version, versions.newest) <= 0) return undefined;
	const known = `the check knows it from ${versions.oldest} to ${versions.newest}`;
	return `${name} ${version} is ${isOlder ? "older" : "newer"}: ${known}, and assumes the rest`;
}

function suggestRenderer(client: Client, renderer: string): string {
	const names = client.renderers.map(({ name }) => name);
	return names.length === 0
		? `it has only one: leave out ":${renderer}"`
		: `did you mean "${closest(renderer, names)}"?`;
}

/** Every client in every version in use, with every renderer. */
export const ALL_TARGETS: readonly Target[] = CLIENTS.map((client) => targetOf(client));

function targetOf(client: Client, version?: string, renderer?: string): Target {
	const versions = version === undefined ? changesOf(client) : [version];
	const known = client.renderers.length === 0 ? [""] : client.renderers.map(({ name }) => name);
	const renderers = renderer === undefined ? known : [renderer];
	const cells = renderers.flatMap((name) => versions.map((at): Cell => ({ client, version: at, renderer: name })));
	return { client, versions, renderers, cells };
}

/** The oldest version in use, and every later one at which a fact of the table starts or ends. */
function changesOf({ versions, reads, networkTypes, reactions }: Client): string[] {
	const facts: readonly Condition[] = [reads, networkTypes, reactions].flatMap((table) =>
		Object.values<readonly Condition[]>(table).flat(),
	);
	const changes = facts.flatMap(({ since, until }) => [since, until]).filter((version) => version !== undefined);
	const inUse = changes.filter(
		(version) => compareVersions(version, versions.oldest) > 0 && compareVersions(version, versions.newest) <= 0,
	);
	return [...new Set([versions.oldest, ...inUse])].toSorted(compareVersions);
}
