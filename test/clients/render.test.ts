/** The programs of each suite read what `render` writes for an initramfs, for Ignition and as systemd credentials. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NetworkDescription } from "../../src/documents/network-description.ts";
import { render } from "../../src/render/index.ts";
import { FURTHER_DOCUMENTS, guestDocuments } from "../render/guest-documents.ts";
import {
	canonicalCidr,
	type Meaning,
	type Meanings,
	type RouteMeaning,
	readIni,
	route,
	values,
} from "../render/meaning.ts";
import { readKeyfiles } from "../render/read-keyfiles.ts";
import { filesBelow, renderFiles, writeRendering } from "../render/render-files.ts";
import { runInSuite } from "./suite.ts";

const documents: (readonly [name: string, data: NetworkDescription])[] = [
	...(await guestDocuments()),
	...FURTHER_DOCUMENTS,
];
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
		"systemd-network-generator takes the addresses and routes of the kernel arguments: %s",
		async (document, data) => {
			const sections = [...(await files(document, "generator")).values()].flatMap(readIni);
			const found = sections.flatMap((section) =>
				values([section], "Route", "Destination").map((to) => {
					return plain(route(to, values([section], "Route", "Gateway")[0]));
				}),
			);
			const addressed = sections.flatMap((section) => values([section], "Network", "Address"));
			const others = sections.flatMap((section) => values([section], "Address", "Address"));
			const addresses = [...addressed, ...others].map((address) => canonicalCidr(address));
			for (const ours of readKeyfiles(renderFiles("networkmanager", data, false)).values()) {
				expect(addresses).toEqual(expect.arrayContaining([...ours.addresses]));
				expect(found).toEqual(expect.arrayContaining(ours.routes.filter((one) => !isDefault(one)).map(plain)));
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

async function writeInputs(folder: string, data: NetworkDescription): Promise<void> {
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
	const all = [...meanings.values()].flatMap(({ routes }) => routes);
	return new Map(
		[...meanings].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, essence(one, all)]),
	);
}

const isDefault = ({ to }: RouteMeaning) => to === "0.0.0.0/0" || to === "::/0";
const plain = ({ to, via }: RouteMeaning) => `${to} ${via}`;

/** Of default routes only those that win, because kernel arguments have no metrics. */
function isCarried(one: RouteMeaning, all: readonly RouteMeaning[]): boolean {
	const rivals = all.filter(({ to }) => to === one.to).map(({ metric = 0 }) => metric);
	const { metric = 0 } = one;
	return !isDefault(one) || (metric < 1024 && metric === Math.min(...rivals));
}

function essence({ mtu, dhcp4, addresses, routes, vlan, bond, memberOf, mac }: Meaning, all: readonly RouteMeaning[]) {
	// Kernel arguments have no place for colons, and keyfiles none for a NIC whose name is unknown.
	const { ad_actor_system: _, primary: __, ...more } = bond?.more ?? {};
	return {
		mtu: memberOf === undefined ? mtu : undefined,
		mac: vlan === undefined && bond === undefined ? undefined : mac,
		dhcp4,
		addresses: [...addresses].toSorted(),
		routes: routes
			.filter((one) => isCarried(one, all))
			.map(plain)
			.toSorted(),
		vlan,
		bond: bond && { ...bond, more },
	};
}
