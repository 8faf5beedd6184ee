/** The programs of each suite read what `render` writes for them: NetworkManager, networkd, ifupdown and netplan. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyfileEntries } from "../render/read-keyfiles.ts";
import { filesBelow, renderFiles, writeRendering } from "../render/render-files.ts";
import { VALID_DOCUMENTS } from "../render/target-documents.ts";
import { runInSuite } from "./suite.ts";

const FORMATS = ["networkmanager", "networkd", "ifupdown", "netplan"] as const;
const folderOf = (name: string) => name.replaceAll(/\W+/g, "-");

/** Files with a fault each, which the programs must not accept: else they would prove nothing. */
const BROKEN = {
	"networkmanager/etc/NetworkManager/system-connections/a.nmconnection":
		"[connection]\nid=a\ntype=ethernet\n\n[ipv4]\nmethod=manual\naddress1=10.0.0.300/24\n",
	"networkd/etc/systemd/network/a.network":
		"[Match]\nMACAddress=52:54:00:00:00:01\n\n[Network]\nAddress=10.0.0.300/24\n",
	"ifupdown/etc/network/interfaces.d/a": "auto eth0\niface eth0 inet nonsense\n",
	"netplan/etc/netplan/a.yaml": "network: { version: 2, ethernets: { eth0: { addresses: [10.0.0.300/24] } } }\n",
};

/** What networkd says of sound files: it does itself what it misses. */
const HARMLESS = /without static address configured\. Enabling GatewayOnLink=/;
/** What it says of generated addresses. */
const ODD = /Specified MAC address has the multicast bit set/;

describe.each(["bookworm", "trixie"] as const)("%s", (name) => {
	let out: string;
	beforeAll(async () => {
		out = await mkdtemp(join(tmpdir(), "guestwire-native-"));
		for (const [document, data] of VALID_DOCUMENTS) {
			const folder = join(out, folderOf(document));
			for (const format of FORMATS) await writeRendering(format, data, join(folder, format));
			await mkdir(join(folder, "netplan/run/systemd/network"), { recursive: true });
		}
		for (const [path, text] of Object.entries(BROKEN)) {
			await mkdir(join(out, "broken", path, ".."), { recursive: true });
			await writeFile(join(out, "broken", path), text, { mode: 0o600 });
		}
		await runInSuite(name, "native-run.sh", out);
	}, 600_000);
	afterAll(() => rm(out, { recursive: true }));
	const files = (document: string, folder: string) => filesBelow(join(out, folderOf(document), folder));

	it.each(VALID_DOCUMENTS)("every program accepts its files: %s", async (document) => {
		const found = await files(document, ".");
		const complaints = FORMATS.flatMap((format) => (found.get(`${format}.log`) ?? "").split("\n").filter(Boolean));
		const expected = (line: string) => HARMLESS.test(line) || (document.startsWith("odd") && ODD.test(line));
		expect(complaints.filter((line) => !expected(line))).toEqual([]);
	});

	it.each(VALID_DOCUMENTS)("NetworkManager takes every entry of the keyfiles: %s", async (document, data) => {
		const theirs = keyfileEntries(await files(document, "keyfiles"));
		expect(theirs).toEqual(keyfileEntries(renderFiles("networkmanager", data, false)));
	});

	it.each(FORMATS)("%s has a complaint about a broken file", async (format) => {
		expect((await files("broken", ".")).get(`${format}.log`)).toMatch(/\S/);
	});
});
