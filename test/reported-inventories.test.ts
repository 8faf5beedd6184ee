/** Inventories from users' reports: what the guest gets. Each file names its source. */
import { describe, expect, it } from "vitest";
import { check } from "../src/check/check.ts";
import { buildTree } from "../src/documents/guest-tree.ts";
import { defaultSettings } from "../src/documents/settings.ts";
import { render } from "../src/render/index.ts";
import { openFilesSource } from "../src/source/files/files-source.ts";
import { runCli } from "./run-cli.ts";

const settings = defaultSettings(new Uint8Array(32));

async function treeOf(name: string, id: string) {
	const source = await openFilesSource(new URL(`reported-inventories/${name}.yaml`, import.meta.url).pathname);
	const instance = await source.instance(id, "all");
	if (instance === undefined) throw new Error(`${name} has no instance ${id}`);
	const tree = buildTree(instance, settings);
	const text = (path: string) => Buffer.from(tree.answer(path)?.body ?? "").toString();
	const json = (path: string) => JSON.parse(text(`openstack/latest/${path}`));
	return { text, metaData: json("meta_data.json"), networkData: json("network_data.json") };
}

describe("several SSH keys in one key pair", () => {
	const first = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFirstFirstFirstFirstFirstFirstFirstFirstFir";
	const second = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAISecondSecondSecondSecondSecondSecondSecondS ops@example.org";

	it("are an entry each", async () => {
		const { metaData } = await treeOf("several-ssh-keys", "vm1");
		expect(metaData.public_keys).toEqual({ team: first, "team-2": second });
		expect(metaData.keys).toEqual([
			{ name: "team", type: "ssh", data: first },
			{ name: "team-2", type: "ssh", data: second },
		]);
	});

	it("are a folder each in the EC2 tree", async () => {
		const { text } = await treeOf("several-ssh-keys", "vm1");
		expect(text("latest/meta-data/public-keys")).toBe("0=team\n1=team-2");
		expect(text("latest/meta-data/public-keys/0/openssh-key")).toBe(first);
		expect(text("latest/meta-data/public-keys/1/openssh-key")).toBe(second);
	});
});

describe("bare metal", () => {
	it("has the address of Ironic's port", async () => {
		const { networkData } = await treeOf("ironic-port-mac", "metal-1");
		expect(networkData.links).toMatchObject([{ type: "phy", ethernet_mac_address: "52:54:00:cf:2d:32" }]);
	});

	it("has the address of Ironic's port group on the bond", async () => {
		const { networkData } = await treeOf("ironic-port-mac", "metal-2");
		expect(networkData.links.map((link: Record<string, unknown>) => link["ethernet_mac_address"])).toEqual([
			"00:00:00:00:07:01",
			"00:00:00:00:07:02",
			"02:00:00:00:00:0b",
		]);
	});

	it("has an MTU on every link", async () => {
		const { networkData } = await treeOf("ironic-member-mtu", "metal-1");
		expect(networkData.links.map(({ mtu }: { mtu: unknown }) => mtu)).toEqual([9000, 9000, 9000]);
	});
});

describe("name servers", () => {
	it.each(["dns-search-loses-dns", "nm-no-dns"])("stand on their network in both forms: %s", async (name) => {
		const { networkData } = await treeOf(name, "vm1");
		expect(networkData.networks).toMatchObject([
			{
				services: [{ type: "dns", address: "192.0.2.53" }],
				dns_nameservers: ["192.0.2.53"],
				dns_search: ["example.org"],
			},
		]);
		expect(check(networkData, { clients: ["cloud-init"] }).filter(({ rule }) => rule.startsWith("dns-not"))).toEqual(
			[],
		);
	});
});

describe("default routes", () => {
	it("are on the last of a subnet's addresses", async () => {
		const { networkData } = await treeOf("default-route-first-address", "win");
		const routes = networkData.networks.map((network: Record<string, unknown>) => network["routes"]);
		expect(routes).toEqual([[], [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "192.0.2.1" }]]);
		const rules = check(networkData, { clients: ["cloudbase-init"] }).map(({ rule }) => rule);
		expect(rules).not.toContain("gateway-not-last");
	});

	it("are in gateway if the gateway is outside the subnet, with a route that declares it on-link", async () => {
		const { networkData } = await treeOf("gateway-off-subnet", "vm1");
		expect(networkData.networks).toMatchObject([
			{ gateway: "172.16.4.1", routes: [{ network: "172.16.4.1", gateway: "0.0.0.0" }] },
			{ gateway: "2001:db8:ffff::1", routes: [{ network: "2001:db8:ffff::1", gateway: "::" }] },
		]);
	});

	it("are missing for IPv6 if only advertisements name the router, and the check says for whom", async () => {
		const { networkData } = await treeOf("static6-router-by-ra", "vm1");
		const finding = check(networkData).find(({ rule }) => rule === "ipv6-default-route-missing");
		expect(finding?.effects).toMatchObject([
			{ client: "cloud-init", outcome: "wrong", scopes: [{ renderers: ["netplan", "sysconfig"] }] },
			{ client: "cloud-init", outcome: "wrong", scopes: [{ renderers: ["networkd"], since: "24.2" }] },
		]);
	});

	it("come from two DHCP servers, and the check says for whom they are not ranked", async () => {
		const { networkData } = await treeOf("two-dhcp-nics", "vm1");
		expect(check(networkData).filter(({ rule }) => rule === "dhcp-on-two-links")).toMatchObject([
			{ severity: "warning", effects: [{ client: "cloud-init" }, { client: "talos" }] },
		]);
	});
});

it.each([
	["a1", "node-001-docker"],
	["a2", "db-01-prod"],
	["a5", "web-example-com"],
	["a7", "node7.corp.example"],
	["a8", "192-0-2-77"],
])("the host name of server %s is %s", async (id, hostname) => {
	const { metaData } = await treeOf("dots-in-name", id);
	expect(metaData.hostname).toBe(`${hostname}.novalocal`);
});

it("a passed-through NIC names the VLAN that its guest must tag", async () => {
	const { text } = await treeOf("sriov-vlan-tag", "0d7a2a44-6a0e-4a1e-9a51-33f2a2b1c001");
	const devices = (version: string) => JSON.parse(text(`openstack/${version}/meta_data.json`)).devices;
	const nic = { type: "nic", mac: "fa:16:3e:00:00:02", bus: "none", address: "none" };
	expect(devices("2018-08-27")).toEqual([{ vlan: 108, vf_trusted: false, ...nic }]);
	expect(devices("2017-02-22")).toEqual([{ vlan: 108, ...nic }]);
	expect(devices("2016-06-30")).toEqual([]);
});

describe("an image that must fetch its configuration, without DHCP", () => {
	it("gets its network by kernel arguments", async () => {
		const { networkData } = await treeOf("coreos-without-dhcp", "vm1");
		expect(render("dracut", networkData).files[0]?.text.trim().split(" ")).toEqual([
			"rd.neednet=1",
			"ifname=nic0:52:54:00:00:00:01",
			"ip=192.0.2.5::192.0.2.1:24::nic0:none:1500",
			"nameserver=192.0.2.53",
		]);
	});

	it("gets it by an Ignition fragment with NetworkManager's keyfile", async () => {
		const { networkData } = await treeOf("coreos-without-dhcp", "vm1");
		const [file] = JSON.parse(render("ignition", networkData).files[0]?.text ?? "").storage.files;
		expect(file).toMatchObject({ mode: 0o600 });
		expect(file.path).toMatch(/^\/etc\/NetworkManager\/system-connections\/.*\.nmconnection$/);
		const keyfile = Buffer.from(file.contents.source.replace("data:;base64,", ""), "base64").toString();
		expect(keyfile).toMatch(/^address1=192\.0\.2\.5\/24$/m);
		expect(keyfile).toMatch(/^gateway=192\.0\.2\.1$|^route1=0\.0\.0\.0\/0,192\.0\.2\.1$/m);
		expect(keyfile).toMatch(/^dns=192\.0\.2\.53;?$/m);
	});
});

describe("user data that is not base64", () => {
	const inventory = new URL("reported-inventories/user-data-not-base64.yaml", import.meta.url).pathname;

	it.each([
		["show", "plain", "openstack/latest/user_data"],
		["check", "--instance", "plain"],
		["config-drive", "plain", "-o", "-"],
	])("is refused with its file and line: %s", async (...command) => {
		const { code, stdout, stderr } = await runCli([...command, "--inventory", inventory]);
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).toMatch(
			/user-data-not-base64\.yaml:9: servers\[0\]\.OS-EXT-SRV-ATTR:user_data must be base64: .*\n$/,
		);
	});
});
