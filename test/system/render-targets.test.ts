import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { render } from "../../src/render/index.ts";
import { FURTHER_DOCUMENTS } from "../render/guest-documents.ts";
import { asSets, canonicalCidr, type Meanings, type RouteMeaning } from "../render/meaning.ts";
import { readCommand, readEni } from "../render/read-eni.ts";
import { keyfileEntries } from "../render/read-keyfiles.ts";
import { readNetworkd } from "../render/read-networkd.ts";
import { filesBelow, renderFiles, writeRendering } from "../render/render-files.ts";
import { SOUND_DOCUMENTS, VALID_DOCUMENTS } from "../render/target-documents.ts";
import { hasProgram, program, unpackedPackage } from "./programs.ts";
import { run } from "./run.ts";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "guestwire-target-"));
});
afterEach(() => rm(folder, { recursive: true }));

const netplan = unpackedPackage("netplan.io");
describe.skipIf(netplan === undefined)("netplan generate (test/system/install.sh)", () => {
	it.each(VALID_DOCUMENTS)("accepts our file and generates what our networkd files say: %s", async (_, data) => {
		await mkdir(join(folder, "run/systemd/network"), { recursive: true });
		await writeRendering("netplan", data, folder);
		const ran = await run(join(netplan ?? "", "usr/libexec/netplan/generate"), ["--root-dir", folder]);
		expect(ran).toEqual({ stdout: "", stderr: "", code: 0 });
		const theirs = readNetworkd(await filesBelow(join(folder, "run/systemd/network")));
		const ours = readNetworkd(renderFiles("networkd", data, false));
		const lost = render("netplan", data).remarks.map(({ pointer }) => pointer.split("/bond_")[1]);
		expect(asSets(withoutLearned(theirs))).toEqual(asSets(withoutOptions(withoutLearned(ours), lost)));
	});
});

const networkManager = unpackedPackage("network-manager");
describe.skipIf(networkManager === undefined)("NetworkManager's keyfile reader (test/system/install.sh)", () => {
	it.each(VALID_DOCUMENTS)("takes every entry of our keyfiles: %s", async (_, data) => {
		const ours = renderFiles("networkmanager", data, false);
		const theirs = new Map<string, string>();
		for (const [path, text] of ours) {
			// Reads a connection, checks it, and writes it as NetworkManager would.
			const args = ["--offline", "connection", "modify", "connection.autoconnect", "yes"];
			const { stdout, ...ran } = await run(join(networkManager ?? "", "usr/bin/nmcli"), args, text);
			expect(ran, text).toEqual({ stderr: "", code: 0 });
			theirs.set(path, stdout);
		}
		expect(keyfileEntries(theirs)).toEqual(keyfileEntries(ours));
	});
});

const ifupdown = unpackedPackage("ifupdown");
const canUnshare = process.getuid?.() === 0 && hasProgram("unshare", "ip");
describe.skipIf(ifupdown === undefined || !canUnshare)("ifup --no-act (test/system/install.sh, as root)", () => {
	it.each(SOUND_DOCUMENTS)("would set up what our file says, with NICs found by MAC address: %s", async (_, data) => {
		const eni = [...renderFiles("ifupdown", data, false).values()].join();
		await writeFile(join(folder, "interfaces"), eni);
		const meanings = readEni(eni);
		const nics = [...meanings].filter(([, { vlan, bond }]) => vlan === undefined && bond === undefined);
		// In the guest the NICs have other names. Below a VLAN they must not; the rendering warns about that.
		const guessed = nics.length === meanings.size;
		const realName = (name: string) => (guessed ? name.replace("eth", "nic") : name);
		const links = nics.map(
			([name, { mac }]) => `ip link add ${realName(name)} address ${mac} type veth peer name peer-${name}`,
		);
		const ifup = `${ifupdown}/sbin/ifup -i ${folder}/interfaces --state-dir ${folder} --no-act -v -a`;
		const script = ["mount -t sysfs sysfs /sys", ...links, `${ifup} 2>&1`].join("\n");
		const { stdout } = await run(program("unshare"), ["--net", "--mount", "sh", "-ec", script]);
		expect(told(stdout)).toEqual(
			new Map(
				[...meanings].map(([name, { mtu, addresses, routes }]) => [
					realName(name),
					{
						mtu,
						addresses,
						routes: new Set(routes.map(described)),
					},
				]),
			),
		);
	});

	it.each(FURTHER_DOCUMENTS)("ifquery finds the options of a bond: %s", async (_, data) => {
		const eni = [...renderFiles("ifupdown", data, false).values()].join();
		await writeFile(join(folder, "interfaces"), eni);
		for (const [name, { bond }] of readEni(eni)) {
			if (bond?.mode === undefined) continue;
			const { stdout } = await run(`${ifupdown}/sbin/ifquery`, ["-i", `${folder}/interfaces`, name]);
			const listed = stdout.split("\n").filter((line) => /^(bond-|up: echo)/.test(line));
			const stanza = eni.split(`iface ${name} inet manual\n`)[1]?.split("\n\n")[0] ?? "";
			const written = stanza.split("\n").map((line) => line.trim());
			const options = written.filter((line) => /^(bond-|up echo)/.test(line)).map((line) => line.replace(" ", ": "));
			expect(listed).toEqual(options);
		}
	});
});

function described({ to, via, onLink, metric }: RouteMeaning): string {
	return `${to} ${via} ${onLink} ${metric ?? ""}`;
}

/** What `ifup -v` would do, by the interfaces' real names. A VLAN's parent comes up twice. */
function told(output: string) {
	const blocks = new Map<string, string[]>();
	let block: string[] = [];
	for (const line of output.split("\n")) {
		const name = /^ifup: configuring interface (\S+)=/.exec(line)?.[1];
		if (name === undefined) block.push(line);
		else {
			block = blocks.get(name) ?? [];
			blocks.set(name, block);
		}
	}
	blocks.delete("lo");
	return new Map(
		[...blocks].map(([name, lines]) => {
			const matches = (form: RegExp) =>
				lines.flatMap((line) => [...line.matchAll(form)].map(({ groups = {} }) => groups));
			const addresses = matches(/^ip (?:-6 )?addr add (?<ip>[^/]+)\/(?<mask>\S+)/g);
			const routes = lines.flatMap((line) => readCommand(line) ?? []);
			const [mtu] = matches(/^ip link set dev \S+ mtu (?<mtu>\d+)/g);
			return [
				name,
				{
					mtu: mtu && Number(mtu["mtu"]),
					addresses: new Set(addresses.map(({ ip, mask }) => canonicalCidr(ip ?? "", mask))),
					routes: new Set(routes.map(described)),
				},
			];
		}),
	);
}

/** Without the further options of bonds that netplan lacks. */
function withoutOptions(meanings: Meanings, lost: readonly (string | undefined)[]): Meanings {
	for (const { bond } of meanings.values()) {
		if (!bond?.more) continue;
		const kept = Object.entries(bond.more).filter(([option]) => !lost.includes(option));
		Object.assign(bond, { more: kept.length > 0 ? Object.fromEntries(kept) : undefined });
	}
	return meanings;
}

/**
 * Without the metrics of learned routes: netplan sets 100 where ours set none, and cannot rank links that have only router
 * advertisements. src/render/foreign-documents.test.ts compares what ours say.
 */
function withoutLearned(meanings: Meanings): Meanings {
	return new Map(Array.from(meanings, ([name, meaning]) => [name, { ...meaning, learned: {} }]));
}
