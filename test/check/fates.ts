/** What happens to each document of the walk in cloud-init, as recorded in `recorded-walk.tsv`. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { check, type Finding, fractionsIn } from "../../src/check/index.ts";
import { RECORDED_CASES } from "./cases.ts";
import { type Judged, RENDERERS, type RendererName } from "./cloud-init.ts";
import { type Step, step } from "./step.ts";
import { walk } from "./walk.ts";

/** The walk, and the documents of the rules' own cases that are recorded. */
export const STEPS: readonly Step[] = [
	...walk(),
	...RECORDED_CASES.flatMap(({ rule, at, bad, good }) => [
		step(`${rule} at ${at}`, bad),
		step(`not ${rule} at ${at}`, good),
	]),
];

/**
 * A letter for each renderer, in the order of `RENDERERS`: `c` cloud-init crashes, `r` netplan refuses the file, `-` neither.
 * Then `d` if cloud-init's status is degraded, `-` if it is not, `?` if the release does not validate or fails earlier.
 */
export type Fate = string;

export function fateOf({ error, degraded, renderers }: Judged): Fate {
	const letters = RENDERERS.map((name) => {
		const rendered = renderers?.[name];
		if (error !== undefined || rendered?.error !== undefined) return "c";
		return rendered?.refused ? "r" : "-";
	});
	const status = error !== undefined || typeof degraded !== "boolean" ? "?" : degraded ? "d" : "-";
	return `${letters.join("")}${status}`;
}

/** The part of a fate that one renderer sees. The status is unknown where networking is lost anyway. */
export function fateIn(fate: Fate, renderer: RendererName) {
	const letter = fate[RENDERERS.indexOf(renderer)];
	const status = fate[RENDERERS.length];
	return {
		crashes: letter === "c",
		isRefused: letter === "r",
		isDegraded: letter !== "-" || status === "?" ? undefined : status === "d",
	};
}

/** Names a document: a changed one has no record. */
export function digestOf({ text }: Pick<Step, "text">): string {
	return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** The findings of the check. */
export function findingsIn({ document, text }: Step, client: string): readonly Finding[] {
	return check(document, { clients: [client], fractions: fractionsIn(text) });
}

export const RECORD = new URL("recorded-walk.tsv", import.meta.url);

/** The recorded fates: by version, then by the document's digest. */
export function readRecord(): Map<string, Map<string, Fate>> {
	const [header = "", ...lines] = readFileSync(RECORD, "utf8").trimEnd().split("\n");
	const [, ...versions] = header.split("\t");
	const record = new Map(versions.map((version) => [version, new Map<string, Fate>()]));
	for (const line of lines) {
		const [digest = "", ...fates] = line.split("\t");
		for (const [index, version] of versions.entries()) record.get(version)?.set(digest, fates[index] ?? "");
	}
	return record;
}
