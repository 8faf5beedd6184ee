import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Answered, DEVIATION_IDS, deviationsOf } from "./deviations.ts";
import { DRIVE_DEVIATION_IDS, driveDeviationsOf } from "./drive-deviations.ts";
import { FULL_DEVIATION_IDS, PROFILE_FULL } from "./full-deviations.ts";

it("every deviation that the tests allow has its reason in docs/deviations.md", () => {
	const docs = readFileSync(new URL("../../docs/deviations.md", import.meta.url), "utf8");
	const documents = docs.slice(docs.indexOf("## Documents"), docs.indexOf("## HTTP"));
	const headings = Array.from(documents.matchAll(/^### (.+)$/gm), ([, id]) => id);
	const ids = [...DEVIATION_IDS, ...DRIVE_DEVIATION_IDS, ...FULL_DEVIATION_IDS, PROFILE_FULL];
	expect(headings.toSorted()).toEqual([...new Set(ids)].toSorted());
});

/** Whether two bodies are the same for the tests of a path. */
function isSame(path: string, original: string, ours: string): boolean {
	const pair = [original, ours].map((body) => ({ status: 200, body })) as [Answered, Answered];
	for (const deviation of deviationsOf(path)) deviation.level(...pair);
	return pair[0].body === pair[1].body;
}

describe("device-tags", () => {
	const nic = '{"type": "nic", "mac": "fa:16:3e:00:00:01", "bus": "none", "address": "none", "tags": ["uplink"]}';
	const disk =
		'{"type": "disk", "serial": "c4f0c2ba-3c9f-4d07-8f1b-1de0b6a1fd63", "path": "/dev/vdb", "bus": "none", "address": "none", "tags": ["db"]}';
	const isAllowed = (devices: string) =>
		isSame("openstack/latest/meta_data.json", '{"devices": [], "a": 1}', `{"devices": [${devices}], "a": 1}`);

	it("allows tagged devices where the fake driver has none", () => {
		const trusted = nic.replace("{", '{"vf_trusted": false, ');
		const vlan = trusted.replace("{", '{"vlan": 108, ').replace(', "tags": ["uplink"]', "");
		for (const devices of [nic, disk, trusted, vlan, `${trusted}, ${disk}`]) expect(isAllowed(devices)).toBe(true);
	});

	it("hides nothing else", () => {
		const wrong = [
			"{}",
			"null",
			nic.replace("none", "pci"),
			nic.replace(', "tags": ["uplink"]', ""),
			nic.replace('["uplink"]', "[]"),
			nic.replace("fa:16", "FA:16"),
			nic.replace('"mac"', '"MAC"'),
			disk.replace('"serial"', '"mac"'),
			`${nic},${disk}`,
			`${nic}, {}`,
			`${nic}], "devices": [${nic}`,
		];
		for (const devices of wrong) expect([devices, isAllowed(devices)]).toEqual([devices, false]);
	});
});

describe("device-tags of a hypervisor that records its devices", () => {
	const nic = (n: number, bus = '"bus": "none", "address": "none"') =>
		`{"vf_trusted": false, "type": "nic", "mac": "fa:16:3e:00:00:0${n}", ${bus}, "tags": ["nic-${n}"]}`;
	const disk = (path: string, bus = '"bus": "none", "address": "none"', serial = '"c4f0c2ba"') =>
		`{"type": "disk", "serial": ${serial}, ${path}${bus}, "tags": ["db"]}`;
	const pci = '"bus": "pci", "address": "0000:00:03.0"';
	const scsi = '"bus": "scsi", "address": "0:0:0:1"';
	const recorded = [disk("", scsi), nic(1, pci), nic(2, pci)];
	const known = [nic(1), nic(2), disk('"path": "/dev/vdb", ')];
	const documentOf = (devices: readonly string[]) => `{"name": "a", "devices": [${devices.join(", ")}]}`;
	const isAllowed = (original: readonly string[], ours: readonly string[]) =>
		isSame("openstack/latest/meta_data.json", documentOf(original), documentOf(ours));

	it("allows bus, address, order and path to differ", () => expect(isAllowed(recorded, known)).toBe(true));

	it("leaves metadata in Nova's order", () => {
		const path = "openstack/latest/meta_data.json";
		const meta = '"meta": {"role": "web", "10": "x", "9": "y"}, ';
		const [original, ours] = [recorded, known].map((devices) => documentOf(devices).replace("{", `{${meta}`));
		expect(isSame(path, original ?? "", ours ?? "")).toBe(true);
		expect(isSame(path, original?.replace('"10": "x", "9": "y"', '"9": "y", "10": "x"') ?? "", ours ?? "")).toBe(false);
	});

	it("allows a single NIC and local disks to be missing", () => {
		const local = disk("", scsi, "null");
		expect(isAllowed([local, ...recorded], known)).toBe(true);
		expect(isAllowed([local, nic(1, pci)], [])).toBe(true);
		expect(isAllowed([disk("", scsi), nic(1, pci)], known.slice(2))).toBe(true);
	});

	it("hides nothing else", () => {
		expect(isAllowed(recorded, known.slice(1))).toBe(false);
		expect(isAllowed(recorded, known.slice(2))).toBe(false);
		expect(isAllowed(recorded, known.slice(0, 2))).toBe(false);
		expect(isAllowed(recorded.slice(1), known)).toBe(false);
		expect(isAllowed(recorded, [...known, nic(3)])).toBe(false);
		expect(isAllowed(recorded, [nic(1), nic(1), ...known.slice(2)])).toBe(false);
		expect(isAllowed(recorded, [nic(1).replace("nic-1", "nic-9"), ...known.slice(1)])).toBe(false);
		expect(
			isAllowed(
				recorded,
				known.map((device) => device.replace("false", "true")),
			),
		).toBe(false);
	});
});

/** What Nova answers, what Guestwire answers, and whether a test may call them the same. */
describe("what no API exposes", () => {
	const ok = (body: string): Answered => ({ status: 200, body });
	const missing: Answered = { status: 404, body: "" };
	const keys =
		'"public_keys": {"k": "ssh-rsa A \\"x\\"\\n"}, "keys": [{"name": "k", "type": "ssh", "data": "ssh-rsa A"}], ';
	const config = '"network_config": {"name": "network_config", "content_path": "/content/0000"}, ';
	const document = (members: string) => ok(`{"uuid": "u", ${members}"hostname": "h"}`);
	const META = "openstack/latest/meta_data.json";
	const DRIVE = "ec2/latest/meta-data.json";
	const whole = "i-c4f0c2ba-3c9f-4d07-8f1b-1de0b6a1fd63";
	const ec2 = (id: string, disks: string, more = "") =>
		ok(`{"instance-id": "${id}", ${more}"block-device-mapping": {"ami": "vda", "root": "/dev/vda"${disks}}, "x": {}}`);
	const onDrive = '"public-keys": {"0": {"_name": "0=k", "openssh-key": "ssh-rsa A"}}, ';
	const disks = ', "ephemeral0": "/dev/vdb", "swap": "/dev/vdc"';

	it.each<[id: string, path: string, original: Answered, ours: Answered, isSame: boolean]>([
		["deleted-keypair", META, document(keys), document(""), true],
		["deleted-keypair", META, document(keys), document(keys.replaceAll("A", "B")), false],
		["deleted-keypair", META, document(keys.replace("]", ', {"name": "l"}]')), document(""), false],
		["deleted-keypair", "latest/meta-data", ok("placement/\npublic-keys/\nx"), ok("placement/\nx"), true],
		["deleted-keypair", "latest/meta-data", ok("placement/\npublic-keys/\nx"), ok("x"), false],
		["deleted-keypair", "latest/meta-data/public-keys", ok("0=k"), missing, true],
		["deleted-keypair", "latest/meta-data/public-keys/0/openssh-key", ok("ssh-rsa A"), missing, true],
		["deleted-keypair", "latest/meta-data/public-keys/0/openssh-key", ok("ssh-rsa A"), ok("ssh-rsa B"), false],
		["flat-injected", META, document(config), document(""), true],
		["flat-injected", META, document(config.replace("0000", "0001")), document(""), false],
		["flat-injected", "openstack/content/0000", ok("# Injected by Nova on instance boot\n#"), missing, true],
		["injected-files", "openstack/content/0000", ok("secret"), missing, true],
		["ec2-instance-id", "latest/meta-data/instance-id", ok("i-0000001c"), ok(whole), true],
		["ec2-instance-id", "latest/meta-data/instance-id", ok("i-0000001c"), ok("i-0000001d"), false],
		[
			"ephemeral-and-swap",
			"latest/meta-data/block-device-mapping",
			ok("ami\nephemeral0\nroot\nswap"),
			ok("ami\nroot"),
			true,
		],
		[
			"ephemeral-and-swap",
			"latest/meta-data/block-device-mapping",
			ok("ami\nebs0\nroot\nswap"),
			ok("ami\nroot"),
			false,
		],
		["ephemeral-and-swap", "latest/meta-data/block-device-mapping/swap", ok("/dev/vdc"), missing, true],
		["ephemeral-and-swap", "latest/meta-data/block-device-mapping/ebs0", ok("/dev/vdc"), missing, false],
		["deleted-keypair", DRIVE, ec2("i-1", "", onDrive), ec2("i-1", ""), true],
		["deleted-keypair", DRIVE, ec2("i-1", "", onDrive), ec2("i-1", "", onDrive.replace("A", "B")), false],
		["ec2-instance-id", DRIVE, ec2("i-0000001c", ""), ec2(whole, ""), true],
		["ec2-instance-id", DRIVE, ec2("i-0000001c", ""), ec2("i-0000001d", ""), false],
		["ephemeral-and-swap", DRIVE, ec2("i-1", disks), ec2("i-1", ""), true],
		["ephemeral-and-swap", DRIVE, ec2("i-1", ', "ebs0": "/dev/vdb"'), ec2("i-1", ""), false],
	])("%s at %s: %j, ours %j: %j", (id, path, original, ours, expected) => {
		const pair: [Answered, Answered] = [{ ...original }, { ...ours }];
		const applied = driveDeviationsOf(path).filter(({ level }) => {
			const before = JSON.stringify(pair);
			level(...pair);
			return JSON.stringify(pair) !== before;
		});
		expect(JSON.stringify(pair[0]) === JSON.stringify(pair[1])).toBe(expected);
		if (expected) expect(applied.map((deviation) => deviation.id)).toEqual([id]);
	});
});

describe("nics-of-one-network", () => {
	const link = (id: string) => `{"id": "${id}", "mtu": 1500}`;
	const entry = (number: number, nic: string, network: string) =>
		`{"id": "network${number}", "type": "ipv4", "link": "${nic}", "network_id": "${network}"}`;
	/** Two addresses on the first NIC. */
	const documentOf = (nics: readonly (readonly [nic: string, network: string])[], first = 0) => {
		const entries = nics.flatMap((nic) => (nic[0] === "a" ? [nic, nic] : [nic]));
		const networks = entries.map(([nic, network], index) => entry(first + index, nic, network));
		return `{"links": [${nics.map(([nic]) => link(nic)).join(", ")}], "networks": [${networks.join(", ")}], "services": []}`;
	};
	const [a, b, c] = [
		["a", "hill"],
		["b", "dale"],
		["c", "hill"],
	] as const;
	const isAllowed = (original: string, ours: string) => isSame("openstack/latest/network_data.json", original, ours);

	it("groups NICs of one network, and numbers their entries again", () => {
		expect(isAllowed(documentOf([a, b, c]), documentOf([a, c, b]))).toBe(true);
	});

	it("hides nothing else", () => {
		const woven = documentOf([a, b, c]);
		const together = documentOf([a, c, b]);
		expect(isAllowed(woven, woven)).toBe(false);
		expect(isAllowed(woven, documentOf([c, a, b]))).toBe(false);
		expect(isAllowed(woven, documentOf([b, a, c]))).toBe(false);
		expect(isAllowed(woven, documentOf([a, c, b], 1))).toBe(false);
		expect(isAllowed(woven, together.replace("1500", "1400"))).toBe(false);
		expect(isAllowed(woven, together.replaceAll(": ", ":"))).toBe(false);
		expect(isAllowed(together, documentOf([c, a, b]))).toBe(false);
		expect(isAllowed(together, documentOf([a, c, b], 1))).toBe(false);
		expect(isAllowed(together, together.replaceAll(": ", ":"))).toBe(false);
	});
});
