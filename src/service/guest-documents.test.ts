import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../test/fake-openstack.ts";
import { recordedCases } from "../../test/recorded.ts";
import { EXPOSABLE } from "../documents/network-ports.ts";
import { defaultSettings } from "../documents/settings.ts";
import type { Detail } from "../instance/instance.ts";
import { openOpenStackSource } from "../source/openstack/index.ts";
import type { Source } from "../source/source.ts";
import { createGuestDocuments } from "./guest-documents.ts";

let fake: FakeOpenStack;
let source: Source;
beforeAll(async () => {
	fake = await startFakeOpenStack();
	for (const { facts } of recordedCases()) {
		const { id, interfaceAttachments } = facts;
		const tagged = interfaceAttachments.map((attachment, at) => ({ ...attachment, tag: `nic-${at}` }));
		fake.records.interfaces.set(id, { interfaceAttachments: tagged });
	}
	source = await openOpenStackSource({ env: fake.env, profile: "nova" });
});
afterAll(async () => {
	await source.close();
	await fake.close();
});

describe.each(["full", "nova"] as const)("profile %s", (profile) => {
	const settings = { ...defaultSettings(new Uint8Array(32)), profile, expose: EXPOSABLE };
	const documents = createGuestDocuments(settings);

	it.each(recordedCases())("$name: what a path needs is enough for its document", async ({ facts: { id } }) => {
		const instanceOf = (detail: Detail) => source.instance(id, detail);
		const all = await instanceOf("all");
		const parts = new Map([["all", all]]);
		for (const detail of ["wiring", "server"] as const) parts.set(detail, await instanceOf(detail));
		if (all === undefined) throw new Error("the instance isn't there");
		const paths = [...documents.tree(all).paths()];
		expect(paths.length).toBeGreaterThan(50);
		for (const path of paths) {
			const instance = parts.get(documents.detailOf(path));
			const text = instance && documents.tree(instance).answer(path)?.body;
			expect([path, text && Buffer.from(text).toString("latin1")]).toEqual([
				path,
				Buffer.from(documents.tree(all).answer(path)?.body ?? []).toString("latin1"),
			]);
		}
	});
});
