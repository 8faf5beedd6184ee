/** Formats for images that must fetch their configuration. Real programs read them in test/clients/render.test.ts. */
import { describe, expect, it } from "vitest";
import type { Link, NetworkData } from "../documents/network-data.ts";
import { render } from "./index.ts";

const macOf = (n: number) => `52:54:00:00:00:0${n}`;
const nic = (n: number): Link => ({ id: `nic${n}`, type: "phy", mtu: 1500, ethernet_mac_address: macOf(n) });
const vlan = (n: number, link: string): Link => ({
	id: `vlan${n}`,
	type: "vlan",
	vlan_link: link,
	vlan_id: 100,
	vlan_mac_address: macOf(n),
});
const fixed = (link: string, ip: string, gateway: string): NetworkData["networks"][number] => ({
	id: `${link}-${ip}`,
	type: ip.includes(":") ? "ipv6" : "ipv4",
	link,
	ip_address: ip,
	netmask: ip.includes(":") ? "ffff:ffff:ffff:ffff::" : "255.255.255.0",
	routes: [{ network: ip.includes(":") ? "::" : "0.0.0.0", netmask: ip.includes(":") ? "::" : "0.0.0.0", gateway }],
	services: [{ type: "dns", address: "192.0.2.53" }],
});
const data: NetworkData = { links: [nic(1)], networks: [fixed("nic1", "192.0.2.5", "192.0.2.1")], services: [] };

describe("dracut", () => {
	const words = (document: NetworkData) => (render("dracut", document).files[0]?.text ?? "").trim().split(" ");

	it("has a static address for an image without DHCP", () => {
		expect(words(data)).toEqual([
			"rd.neednet=1",
			"ifname=nic0:52:54:00:00:00:01",
			"ip=192.0.2.5::192.0.2.1:24::nic0:none:1500",
			"nameserver=192.0.2.53",
		]);
	});

	it("has one ip= per method: of two, the second would replace the first", () => {
		const networks = (["ipv4_dhcp", "ipv6_slaac"] as const).map((type) => ({ id: type, type, link: "nic1" }));
		expect(words({ ...data, networks })).toContain("ip=nic0:on:1500");
		expect(words({ ...data, networks: networks.slice(0, 1) })).toContain("ip=nic0:dhcp:1500");
		expect(words({ ...data, networks: networks.slice(1) })).toContain("ip=nic0:auto6:1500");
	});

	it("drops a default route that it can't rank, with a remark", () => {
		const networks = [...data.networks, fixed("nic2", "198.51.100.5", "198.51.100.1")];
		const { remarks } = render("dracut", { ...data, links: [nic(1), nic(2)], networks });
		expect(words({ ...data, links: [nic(1), nic(2)], networks })).toContain("ip=198.51.100.5:::24::nic1:none:1500");
		expect(remarks).toContainEqual({
			pointer: "/networks/1/routes/0",
			reason: "kernel arguments can't rank default routes: dropped",
			value: '"198.51.100.1"',
		});
	});

	/** nm-initrd-generator takes the digits at the end (`reader_parse_vlan` in nmi-cmdline-reader.c). */
	it("gives VLANs on NICs with long names different names that end with their id", () => {
		const names = new Map(["enp65s0f0np0", "enp65s0f1np1", "enp65s0f2np2"].map((name, i) => [macOf(i + 1), name]));
		const vlans = [1, 2, 3].map((n) => vlan(n, `nic${n}`));
		const text = render("dracut", { ...data, links: [nic(1), nic(2), nic(3), ...vlans] }, { names }).files[0]?.text;
		const found = [...(text ?? "").matchAll(/ vlan=([^:]+):(\S+)/g)].map(([, name = "", parent]) => ({ name, parent }));
		expect(found.map(({ parent }) => parent)).toEqual([...names.values()]);
		expect(new Set(found.map(({ name }) => name)).size).toBe(3);
		for (const { name } of found) expect(name).toMatch(/^(vlan|.*\.)100$/);
	});

	it("says that a NIC without an address gets no MTU", () => {
		const links = [{ ...nic(1), mtu: 9000 }, vlan(4, "nic1")];
		const networks = [fixed("vlan4", "192.0.2.5", "192.0.2.1")];
		const { remarks } = render("dracut", { ...data, links, networks });
		expect(remarks).toEqual([
			{
				pointer: "/links/0/mtu",
				reason: "kernel arguments have an MTU only beside an address: dropped",
				value: "9000",
			},
		]);
	});
});

describe("ignition", () => {
	it("places the keyfiles of networkmanager, readable only by root", () => {
		const [file] = render("ignition", data).files;
		const [keyfile] = render("networkmanager", data).files;
		const config = JSON.parse(file?.text ?? "");
		expect(config.ignition).toEqual({ version: "3.0.0" });
		expect(config.storage.files).toEqual([
			{
				path: `/${keyfile?.path}`,
				mode: 0o600,
				overwrite: true,
				contents: { source: `data:;base64,${Buffer.from(keyfile?.text ?? "").toString("base64")}` },
			},
		]);
	});
});

describe("systemd-credentials", () => {
	it("has the files of networkd, for user data and for QEMU", () => {
		const [json, smbios] = render("systemd-credentials", data).files;
		const [network] = render("networkd", data).files;
		const name = "network.network.10-guestwire-eth0";
		expect(JSON.parse(json?.text ?? "")).toEqual({ "systemd.credentials": [{ name, text: network?.text }] });
		const encoded = Buffer.from(network?.text ?? "").toString("base64");
		expect(smbios?.text).toBe(`type=11,value=io.systemd.credential.binary:${name}=${encoded}\n`);
	});
});
