import { afterEach, expect, it } from "vitest";
import { createDocumentThread, type DocumentThread } from "./document-thread.ts";

let thread: DocumentThread;
afterEach(() => thread.close());

const document = (vlans: number) =>
	JSON.stringify({
		links: [
			{ id: "nic", type: "phy", ethernet_mac_address: "52:54:00:00:00:01" },
			...Array.from({ length: vlans }, (_, n) => ({
				...{ id: `vlan${n}`, type: "vlan", vlan_link: "nic", vlan_id: n + 1 },
				vlan_mac_address: `52:54:01:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`,
			})),
		],
		networks: Array.from({ length: vlans }, (_, n) => ({
			...{ id: `network${n}`, type: "ipv4", link: `vlan${n}`, ip_address: `10.${n >> 8}.${n & 255}.2` },
			...{ netmask: "255.255.255.0", routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.0.0.1" }] },
		})),
		services: [],
	});
const tried = async (text: string) => JSON.parse(Buffer.from((await thread.run("try", { text })) ?? []).toString());

it("ends a document that takes too long, in a thread of its own, and tries the next one", async () => {
	thread = createDocumentThread(4, 1000);
	const before = process.threadCpuUsage();
	// What it gives after all is far too much to be printed.
	const ended = await thread.run("try", { text: document(4000) })?.then(({ length }) => length, String);
	expect(ended).toMatch(/takes more than 1 s/);
	const { user, system } = process.threadCpuUsage(before);
	expect((user + system) / 1000).toBeLessThan(1000);
	expect((await tried(document(1))).renderings.netplan.files[0].text).toContain("vlan");
});

it("tries one document at a time, refuses one if too many are waiting, and reports invalid ones", async () => {
	thread = createDocumentThread(4, 60_000);
	const all = Array.from({ length: 4 }, () => tried(document(1)));
	expect(thread.run("try", { text: document(1) })).toBeUndefined();
	for (const { document: read } of await Promise.all(all)) expect(read.links).toHaveLength(2);
	await expect(tried("{")).rejects.toMatchObject({
		code: "document",
		message: expect.stringContaining("invalid JSON"),
	});
	await expect(tried("[]")).rejects.toMatchObject({ code: "document" });
	expect((await tried(document(2))).document.links).toHaveLength(3);
});
