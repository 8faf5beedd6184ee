import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { recordedAnswer } from "../../../test/fake-ironic.ts";
import { openFilesSource } from "./files-source.ts";

/** Each node has a key of its own, as docs/bare-metal.md describes. */
function withKeys(text: string): string {
	const { nodes } = JSON.parse(text);
	for (const node of nodes)
		node.extra = { ...node.extra, guestwire: { public_keys: { [node.uuid]: "ssh-ed25519 AAAA" } } };
	return JSON.stringify({ nodes });
}

test("a node that can't be read costs its own instance, and no other of Ironic's answers", async () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-odd-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	for (const name of ["nodes", "ports", "portgroups"]) {
		const { body } = recordedAnswer("29", `${name}-detail`);
		const text = JSON.stringify(body).replaceAll('"10.9.0.13"', '"10.9.0.300"');
		writeFileSync(join(folder, `${name}.json`), name === "nodes" ? withKeys(text) : text);
	}
	const source = await openFilesSource(folder);
	const odd = "e0000000-0000-4000-8000-000000000003";
	const all = await source.list();
	expect(all).toHaveLength(11);
	expect(all).toContainEqual({ id: odd, name: "metal-static" });
	await expect(source.instance(odd, "all")).rejects.toThrow(
		/nodes\.json:1: nodes\[2\]\.network_data can't be read: node a0.* is not an IPv4 address: correct it in Ironic$/,
	);
	for (const { id } of all.filter((one) => one.id !== odd)) expect(await source.instance(id, "all")).toBeDefined();
	expect(await source.owners({ macAddress: "52:54:00:00:03:01" })).toMatchObject([{ id: odd }]);
});
