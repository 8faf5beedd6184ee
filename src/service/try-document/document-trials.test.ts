import { afterEach, expect, it } from "vitest";
import { createDocumentTrials, type DocumentTrials, MAX_WAITING } from "./document-trials.ts";

let trials: DocumentTrials;
afterEach(() => trials.close());

const document = (vlans: number) =>
	JSON.stringify({
		links: [
			{ id: "nic", type: "phy", ethernet_mac_address: "52:54:00:00:00:01" },
			...Array.from({ length: vlans }, (_, n) => ({
				...{ id: `vlan${n}`, type: "vlan", vlan_link: "nic", vlan_id: n + 1 },
				vlan_mac_address: `52:54:01:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`,
			})),
		],
		networks: [],
		services: [],
	});
const tried = async (text: string) => JSON.parse(Buffer.from((await trials.run(text)) ?? []).toString());

it("ends a document that takes too long, in a thread of its own, and tries the next one", async () => {
	trials = createDocumentTrials(3000);
	const before = process.threadCpuUsage();
	await expect(trials.run(document(4000))).rejects.toMatchObject({
		...{ code: "limit", message: expect.stringContaining("more than 3 s") },
	});
	const { user, system } = process.threadCpuUsage(before);
	expect((user + system) / 1000).toBeLessThan(1000);
	expect((await tried(document(1))).renderings.netplan.files[0].text).toContain("vlan");
});

it("tries one document at a time, refuses what would wait for too many, and tells which are not one", async () => {
	trials = createDocumentTrials(60_000);
	const all = Array.from({ length: MAX_WAITING }, () => tried(document(1)));
	expect(trials.run(document(1))).toBeUndefined();
	for (const { document: read } of await Promise.all(all)) expect(read.links).toHaveLength(2);
	await expect(tried("{")).rejects.toMatchObject({
		code: "document",
		message: expect.stringContaining("invalid JSON"),
	});
	await expect(tried("[]")).rejects.toMatchObject({ code: "document" });
	expect((await tried(document(2))).document.links).toHaveLength(3);
});
