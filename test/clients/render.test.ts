/** The programs of each suite read what `render` writes for an initramfs, for Ignition and as systemd credentials. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NetworkData } from "../../src/documents/network-data.ts";
import { render } from "../../src/render/index.ts";
import { guestDocuments } from "../render/guest-documents.ts";
import type { Meaning, Meanings } from "../render/meaning.ts";
import { readKeyfiles } from "../render/read-keyfiles.ts";
import { filesBelow, renderFiles, writeRendering } from "../render/render-files.ts";
import { runInSuite } from "./suite.ts";

const documents = await guestDocuments();
const folderOf = (name: string) => name.replaceAll(/\W+/g, "-");

describe.each(["bookworm", "trixie"] as const)("%s", (name) => {
	let out: string;
	beforeAll(async () => {
		out = await mkdtemp(join(tmpdir(), "guestwire-render-"));
		for (const [document, data] of documents) await writeInputs(join(out, folderOf(document)), data);
		await runInSuite(name, "render-run.sh", out);
	}, 600_000);
	afterAll(() => rm(out, { recursive: true }));
	const files = (document: string, folder: string) => filesBelow(join(out, folderOf(document), folder));

	// A NIC without addresses needs no argument but its name.
	const addressed = documents.filter(([document]) => document !== "k-addressless");
	it.each(addressed)("nm-initrd-generator reads the kernel arguments as meant: %s", async (document, data) => {
		const theirs = readKeyfiles(await files(document, "nm"));
		expect(inInitrd(theirs)).toEqual(
			inInitrd(withInitrdNames(readKeyfiles(renderFiles("networkmanager", data, false)))),
		);
	});

	it.each(documents)(
		"systemd-network-generator takes the addresses of the kernel arguments: %s",
		async (document, data) => {
			const text = [...(await files(document, "generator")).values()].join("\n");
			for (const { addresses } of readKeyfiles(renderFiles("networkmanager", data, false)).values()) {
				for (const address of addresses) expect(text).toContain(`Address=${address}\n`);
			}
		},
	);

	it.each(documents)("Ignition writes the keyfiles: %s", async (document, data) => {
		const written = await files(document, "sysroot");
		for (const [path, text] of renderFiles("networkmanager", data, false)) expect(written.get(path)).toBe(text);
	});

	// systemd reads network credentials since 256.
	it.skipIf(name === "bookworm").each(documents)("systemd takes the credentials: %s", async (document, data) => {
		const written = await files(document, "credentials");
		const ours = [...renderFiles("networkd", data, false)].map(([path, text]) => [path.split("/").at(-1), text]);
		expect([...written].toSorted()).toEqual(ours.toSorted());
	});

	it.each(documents)("no program has a complaint: %s", async (document) => {
		expect((await files(document, ".")).get("log") ?? "").toBe("");
	});
});

async function writeInputs(folder: string, data: NetworkData): Promise<void> {
	await mkdir(join(folder, "credential-files"), { recursive: true });
	await mkdir(join(folder, "netplan/run/systemd/network"), { recursive: true });
	for (const format of ["dracut", "ignition", "systemd-credentials"] as const)
		await writeRendering(format, data, folder);
	await writeRendering("netplan", data, join(folder, "netplan"));
	const [json] = render("systemd-credentials", data).files;
	const credentials: { name: string; text: string }[] = JSON.parse(json?.text ?? "")["systemd.credentials"];
	for (const { name, text } of credentials) await writeFile(join(folder, "credential-files", name), text);
}

/** The kernel arguments call assumed names nic0, nic1 …. */
function withInitrdNames(meanings: Meanings): Meanings {
	const rename = (name: string) => name.replace(/^eth(?=\d)/, "nic");
	return new Map(
		[...meanings].map(([name, meaning]) => [
			rename(name),
			{ ...meaning, ...(meaning.vlan && { vlan: { ...meaning.vlan, parent: rename(meaning.vlan.parent) } }) },
		]),
	);
}

/** What kernel arguments can say, without what the generators decide: MAC addresses of NICs are in `ifname=`. */
function inInitrd(meanings: Meanings) {
	return new Map([...meanings].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, essence(one)]));
}

function essence({ mtu, dhcp4, addresses, routes, vlan, bond, memberOf, mac }: Meaning) {
	return {
		mtu: memberOf === undefined ? mtu : undefined,
		mac: vlan === undefined && bond === undefined ? undefined : mac,
		dhcp4,
		addresses: [...addresses].toSorted(),
		routes: routes
			.filter(({ metric = 0 }) => metric < 1024)
			.map(({ to, via }) => `${to} ${via}`)
			.toSorted(),
		vlan,
		bond,
	};
}
