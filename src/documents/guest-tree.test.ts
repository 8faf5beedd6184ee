import { describe, expect, it } from "vitest";
import { recordedCase } from "../../test/recorded.ts";
import { assemble } from "../instance/assemble.ts";
import type { ServerFacts } from "../instance/facts.ts";
import { driveTree } from "./drive-tree.ts";
import { buildTree } from "./guest-tree.ts";
import { defaultSettings } from "./settings.ts";
import type { VendorData } from "./vendor-data.ts";

const settings = { ...defaultSettings(new Uint8Array(32)), staticVendorData: '{"motd": "hi"}' };
const treeOf = (name: string, more: Partial<typeof settings> = {}, dynamic?: VendorData) =>
	buildTree(assemble(recordedCase(name).facts), { ...settings, ...more }, dynamic);
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();
const json = (bytes: Uint8Array | undefined) => JSON.parse(text(bytes) ?? "null");

describe("a guest's tree", () => {
	it("serves every path that it lists, with the same bytes at each read", () => {
		const tree = treeOf("h1-full");
		const paths = Array.from(tree.paths());
		expect(paths.length).toBeGreaterThan(100);
		for (const path of paths) {
			expect(tree.read(path)?.length, path).toBeGreaterThan(0);
			expect(tree.read(path)).toBe(tree.read(path));
		}
	});

	it("has user data byte for byte", () => {
		expect(text(treeOf("h1-full").read("openstack/latest/user_data"))).toBe("#cloud-config\n# дані\nhostname: h1\n");
	});

	it("has no network_data.json and lists none without a port", () => {
		const tree = treeOf("j-no-network");
		expect(tree.answer("openstack/latest/network_data.json")).toBeUndefined();
		expect(text(tree.answer("openstack/latest")?.body)).toBe(
			"meta_data.json\npassword\nvendor_data.json\nvendor_data2.json",
		);
	});

	it("has a unique EC2 id if Nova's own number isn't known", () => {
		const { facts } = recordedCase("h1-full");
		const server = { ...(facts.server as ServerFacts), "OS-EXT-SRV-ATTR:instance_name": null };
		const idOf = (id: string) =>
			text(buildTree(assemble({ ...facts, id, server }), settings).read("latest/meta-data/instance-id"));
		expect(["web-server-1", "web-server-2"].map(idOf)).toEqual(["i-web-server-1", "i-web-server-2"]);
	});

	it("has a stable random seed, which differs between instances", () => {
		const seedOf = (name: string, key: Uint8Array) =>
			json(treeOf(name, { seedKey: key }).read("openstack/latest/meta_data.json")).random_seed;
		const key = new Uint8Array(32).fill(1);
		expect(Buffer.from(seedOf("h1-full", key), "base64")).toHaveLength(512);
		expect(seedOf("h1-full", key)).toBe(seedOf("h1-full", key));
		expect(seedOf("h1-full", key)).not.toBe(seedOf("b-static4", key));
		expect(seedOf("h1-full", key)).not.toBe(seedOf("h1-full", new Uint8Array(32).fill(2)));
	});

	it("shows what the dynamic targets answered beside the static vendor data", () => {
		const tree = treeOf("h1-full", {}, new Map([["join", '{"token": 1}']]));
		expect(text(tree.read("openstack/latest/vendor_data2.json"))).toBe(
			'{"static": {"motd": "hi"}, "join": {"token": 1}}',
		);
	});

	it("has vendor data of the providers in their order, like Nova", () => {
		const answers = new Map([
			["join", "1"],
			["static", "2"],
		]);
		const read = (...vendorDataProviders: ("static" | "dynamic")[]) => {
			const tree = treeOf("h1-full", { vendorDataProviders }, answers);
			return ["vendor_data.json", "vendor_data2.json"].map((name) => text(tree.read(`openstack/latest/${name}`)));
		};
		expect(read("static", "dynamic")).toEqual(['{"motd": "hi"}', '{"static": {"motd": "hi"}, "join": 1}']);
		expect(read("dynamic", "static")).toEqual(['{"motd": "hi"}', '{"join": 1, "static": {"motd": "hi"}}']);
		expect(read("dynamic")).toEqual([undefined, '{"join": 1, "static": 2}']);
	});

	it("has what the operator adds for guests without an agent, in every version", () => {
		const tree = treeOf("h1-full", {
			guestFiles: (data) => [{ path: "network/links", bytes: Buffer.from(String(data.links.length)) }],
		});
		expect(text(tree.read("openstack/latest/network/links"))).toBe("1");
		expect(Array.from(tree.drive.paths())).toContain("openstack/2012-08-10/network/links");
	});

	it("has only the network documents if only the wiring is known", () => {
		const { server: _, ...wiring } = recordedCase("h1-full").facts;
		const tree = buildTree(assemble(wiring), settings);
		expect(tree.read("openstack/latest/network_data.json")).toBeDefined();
		expect(tree.read("openstack/latest/meta_data.json")).toBeUndefined();
		expect(tree.answer("latest/meta-data")).toBeUndefined();
	});
});

describe("the blueprint's own form", () => {
	it("has the blueprint's members first, with its names", () => {
		const { ports } = json(treeOf("b-static4").read("openstack/latest/metadata/network_data"));
		expect(Object.keys(ports[0]).slice(0, 5)).toEqual(["name", "network_id", "mac_address", "fixed_ips", "id"]);
		expect(ports[0].fixed_ips).toEqual([
			{
				"subnet-id": "65ac0978-a4f8-42fb-a397-90892e16ee77",
				ip_address: "10.2.0.10",
				cidr: "10.2.0.0/24",
				dns_nameservers: ["9.9.9.9", "1.1.1.1"],
				enable_dhcp: false,
				gateway_ip: "10.2.0.1",
				host_routes: [
					{ destination: "172.16.0.0/12", nexthop: "10.2.0.2" },
					{ destination: "192.168.100.0/24", nexthop: "10.2.0.3" },
				],
				ip_version: 4,
			},
		]);
	});

	it("has nothing else if nothing is exposed, and provider details only on demand", () => {
		const bare = json(treeOf("g3-vlan-provider", { expose: [] }).read("openstack/latest/metadata/network_data"));
		expect(Object.keys(bare.ports[0])).toEqual(["name", "network_id", "mac_address", "fixed_ips", "id"]);
		const usual = text(treeOf("g3-vlan-provider").read("openstack/latest/metadata/network_data"));
		expect(usual).toContain('"mtu": 1500');
		expect(usual).not.toContain("segmentation_id");
		const open = text(
			treeOf("g3-vlan-provider", { expose: ["network", "provider"] }).read("openstack/latest/metadata/network_data"),
		);
		expect(open).toContain('"provider": {"network_type": "vlan"');
	});

	it("shows trunks with their subports in full, security groups with rules, floating IPs", () => {
		const [parent] = json(treeOf("f-trunk").read("openstack/latest/metadata/network_data")).ports;
		expect(parent.trunk.sub_ports).toMatchObject([
			{ segmentation_id: 101, mac_address: "fa:16:3e:00:00:1a", fixed_ips: [{ ip_address: "10.6.101.10" }] },
			{ segmentation_id: 102, mac_address: "fa:16:3e:00:00:1b" },
		]);
		const [full] = json(treeOf("h1-full").read("openstack/latest/metadata/network_data")).ports;
		expect(full.security_groups[0]).toMatchObject({
			name: "web",
			rules: expect.arrayContaining([expect.objectContaining({ port_range_min: 22 })]),
		});
		const [floating] = json(treeOf("h2-floating").read("openstack/latest/metadata/network_data")).ports;
		expect(floating.floating_ips).toMatchObject([{ floating_ip_address: "203.0.113.31" }]);
	});

	it("answers network_data.json under the specification's sample URL too", () => {
		const tree = treeOf("b-static4");
		expect(text(tree.read("openstack/latest/metadata/network_data.json"))).toBe(
			text(tree.read("openstack/latest/network_data.json")),
		);
	});
});

describe("the drive's tree", () => {
	it("has HTTP's bytes under OpenStack's paths", () => {
		const tree = treeOf("h1-full");
		for (const path of tree.drive.paths()) {
			if (path.startsWith("openstack/")) expect(tree.drive.read(path), path).toBe(tree.read(path));
		}
	});

	it("can be limited to some versions", () => {
		expect(Array.from(driveTree(treeOf("b-static4"), ["latest"]).paths())).toEqual([
			"ec2/latest/meta-data.json",
			"openstack/latest/meta_data.json",
			"openstack/latest/vendor_data.json",
			"openstack/latest/network_data.json",
			"openstack/latest/vendor_data2.json",
			"openstack/latest/metadata/network_data",
			"openstack/latest/metadata/network_data.json",
		]);
	});
});
