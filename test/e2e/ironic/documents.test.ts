import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { check } from "../../../src/check/index.ts";
import { networkData } from "../../../src/documents/network-data-full.ts";
import { openFilesSource } from "../../../src/source/files/files-source.ts";
import { openIronicSource } from "../../../src/source/ironic/index.ts";
import type { RemoteSource } from "../../../src/source/remote-source.ts";
import { call, deleteNodes, type Json, recordsOf } from "./api.ts";
import { wantedOf } from "./model.ts";
import { mac, makeNode, PLANS } from "./nodes.ts";

const schema = JSON.parse(readFileSync(new URL("../../../schema/network_data.json", import.meta.url), "utf8"));
const isValid = new Ajv2020({ strict: false }).compile(schema);
const uuids = new Map<string, string>();
let source: RemoteSource;

beforeAll(async () => {
	await deleteNodes();
	for (const [at, [name, plan]] of Object.entries(PLANS).entries()) {
		uuids.set(name, await makeNode(name, at + 1, plan(at + 1)));
	}
	source = await openIronicSource({
		env: { OS_AUTH_TYPE: "none", OS_ENDPOINT: "http://127.0.0.1:6385/v1" },
		sharing: 0,
	});
});
afterAll(() => source.close());

async function documentOf(name: string) {
	const records = await recordsOf(uuids.get(name) ?? "");
	const instance = await source.instance(String(records.node["instance_uuid"]), "all");
	return { records, document: instance && networkData(instance) };
}

test.each(Object.keys(PLANS))("%s: the document is what Ironic's records say", async (name) => {
	const { records, document } = await documentOf(name);
	const { links, networks } = wantedOf(records);
	expect(document?.links).toHaveLength(links.length);
	expect(document?.links).toMatchObject(links);
	expect(document?.networks).toHaveLength(networks.length);
	expect(document?.networks).toMatchObject(networks);
	isValid(document);
	expect(isValid.errors).toBeNull();
});

test.each(Object.keys(PLANS))("%s: no error for cloud-init, glean, cloudbase-init and Talos", async (name) => {
	const { document } = await documentOf(name);
	const found = document ? check(document, { clients: ["cloud-init", "glean", "cloudbase-init", "talos"] }) : [];
	const errors = found.filter(({ effects }) => effects.some(({ severity }) => severity === "error"));
	expect(errors.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
});

test("every node is listed, including one that Ironic hides after a change", async () => {
	const changed = uuids.get("two NICs");
	await call("PATCH", `/v1/nodes/${changed}`, [{ op: "add", path: "/extra/rack", value: "7" }]);
	const { nodes: shown } = await call("GET", "/v1/nodes");
	// 29 and 35 make the node its own parent, 39 does not.
	const { parent_node: parent } = await call("GET", `/v1/nodes/${changed}`);
	expect((shown as Json[]).some(({ uuid }) => uuid === changed)).toBe(parent === null);
	const names = (await source.list()).map(({ name }) => name).sort();
	expect(names).toEqual([...uuids.keys()].map((name) => name.replaceAll(" ", "-")).sort());
});

test.each([1, 2])("NIC %i of the bond belongs to its instance", async (nic) => {
	const { records } = await documentOf("a bond");
	const owners = await source.owners({ macAddress: mac(1, nic) });
	expect(owners.map(({ id }) => id)).toEqual([records.node["instance_uuid"]]);
});

test("Ironic's records of a bond with VLANs, one per file, are an inventory with the same document", async () => {
	const { records, document } = await documentOf("a bond with VLANs");
	const paths = [
		`nodes/${records.node["uuid"]}`,
		...records.ports.map(({ uuid }) => `ports/${uuid}`),
		...records.groups.map(({ uuid }) => `portgroups/${uuid}`),
	];
	expect(paths).toHaveLength(4);
	const folder = mkdtempSync(join(tmpdir(), "guestwire-records-"));
	onTestFinished(() => rmSync(folder, { recursive: true }));
	for (const [at, path] of paths.entries()) {
		writeFileSync(join(folder, `${at}.json`), JSON.stringify(await call("GET", `/v1/${path}`)));
	}
	const instance = await (await openFilesSource(folder)).instance(String(records.node["instance_uuid"]), "all");
	expect(instance && networkData(instance)).toEqual(document);
});
