/** Shells and shellcheck read the script of every document that there is. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultSettings, networkData } from "../../src/documents/index.ts";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { assemble } from "../../src/instance/index.ts";
import { render } from "../../src/render/index.ts";
import { arbitraryFacts } from "../arbitrary-facts.ts";
import { recordedCases } from "../recorded.ts";
import { dynamicDocument, exampleDocuments, STATIC_DOCUMENTS } from "./iproute2-documents.ts";
import { execute } from "./iproute2-machines.ts";
import { hasProgram } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "guestwire-scripts-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = defaultSettings(new Uint8Array(32));
const scripts = new Map<string, string>();

function add(name: string, data: NetworkData | undefined) {
	if (data === undefined) return;
	const path = join(folder, `${name.replaceAll(/\W+/g, "-")}.sh`);
	const text = render("iproute2", data).files[0]?.text ?? "";
	// The script that udhcpc runs stands in ours as a text.
	const inner = /<<'END'\n(.*)\nEND\n/s.exec(text)?.[1];
	for (const [file, content] of [
		[path, text],
		[path.replace(".sh", "-udhcpc.sh"), inner],
	] as const) {
		if (content === undefined || scripts.has(content)) continue;
		writeFileSync(file, content);
		scripts.set(content, file);
	}
}

beforeAll(async () => {
	for (const { name, facts } of recordedCases()) add(name, networkData(assemble(facts), settings));
	for (const [name, data] of await exampleDocuments()) add(name, data);
	for (const [name, data] of Object.entries(STATIC_DOCUMENTS)) add(name, data);
	for (const type of ["ipv6_slaac", "ipv6_dhcpv6-stateful", "ipv6_dhcpv6-stateless"] as const) {
		add(type, dynamicDocument(type, []));
	}
	for (const [i, facts] of fc.sample(arbitraryFacts, 15).entries()) {
		add(`generated-${i}`, networkData(assemble(facts), settings));
	}
	add("empty", { links: [], networks: [], services: [] });
});

async function complaints(program: string, ...options: string[]): Promise<string> {
	const ran = await Promise.all([...scripts.values()].map((path) => execute(program, [...options, path])));
	return ran.map(({ stdout, stderr }) => stdout + stderr).join("");
}

describe("every script is accepted without a warning", () => {
	it.skipIf(!hasProgram("dash"))("by dash (apt-get install dash)", async () => {
		expect(scripts.size).toBeGreaterThan(30);
		expect(await complaints("dash", "-n")).toBe("");
	});
	it.skipIf(!hasProgram("busybox"))("by busybox sh (apt-get install busybox-static)", async () => {
		expect(await complaints("busybox", "sh", "-n")).toBe("");
	});
	it.skipIf(!hasProgram("bash"))("by bash (apt-get install bash)", async () => {
		expect(await complaints("bash", "--posix", "-n")).toBe("");
	});
	it.skipIf(!hasProgram("shellcheck"))("by shellcheck (apt-get install shellcheck)", { timeout: 300_000 }, async () => {
		const { stdout } = await execute("shellcheck", [...scripts.values()]);
		expect(stdout).toBe("");
	});
});
