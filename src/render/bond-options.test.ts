/** Options of bonds beside mode, monitoring, rate and policy, in each format. Real programs read them in test/system. */
import { describe, expect, it } from "vitest";
import { fixed, foreignMac as mac, foreignNic as nic, rendered } from "../../test/render/foreign.ts";
import { READABLE_FORMATS, type ReadableFormat } from "../../test/render/readers.ts";
import { readNetworkData } from "../documents/read-network-data.ts";
import { render } from "./index.ts";

const bond = (more: object) => ({
	id: "b",
	type: "bond",
	bond_links: ["nic1", "nic2"],
	bond_miimon: 100,
	ethernet_mac_address: mac(1),
	...more,
});
const document = (more: object, members: object[] = [nic(1), nic(2)]) => ({
	links: [...members, bond(more)],
	networks: [fixed("b", "192.0.2.10")],
});

/** These find a NIC by its MAC address in every place but this. */
const NEEDS_NAME: readonly ReadableFormat[] = ["ifcfg", "networkmanager", "nmstate"];

describe.each(READABLE_FORMATS)("%s", (format) => {
	it("has the options that every program has", () => {
		const options = { bond_min_links: 2, bond_ad_select: "1", "bond_primary-reselect": "better" };
		const { one, remarks } = rendered(format, document({ bond_mode: "802.3ad", ...options }));
		expect(one("bond0").bond?.more).toEqual({ min_links: "2", ad_select: "bandwidth", primary_reselect: "better" });
		expect(remarks.filter(({ reason }) => reason.includes("dropped"))).toEqual([]);
	});

	it.each([
		["the id of its link", "nic2"],
		["its MAC address", mac(2).toUpperCase()],
		["its name", "eno2"],
	])("finds the primary member by %s", (_, bond_primary) => {
		const members = [nic(1, { name: "eno1" }), nic(2, { name: "eno2" })];
		const { one, remarks } = rendered(format, document({ bond_mode: "active-backup", bond_primary }, members));
		const needsName = NEEDS_NAME.includes(format);
		expect(one("bond0").bond?.more).toEqual(needsName ? undefined : { primary: "eth1" });
		const about = remarks.filter(({ pointer }) => pointer === "/links/2/bond_primary");
		expect(about).toHaveLength(needsName ? 1 : 0);
	});

	it("has a primary member whose name is known", () => {
		const members = [1, 2].map((n) => ({ id: `nic${n}`, name: `eno${n}`, type: "phy", mtu: 1500 }));
		const { one } = rendered(format, document({ bond_mode: "active-backup", bond_primary: "eno2" }, members));
		expect(one("bond0").bond?.more).toEqual({ primary: "eno2" });
	});
});

describe("cloud-init without netplan, which fails on a parameter that it does not know", () => {
	const text = (more: object) => {
		const { data } = readNetworkData(document({ bond_mode: "active-backup", ...more }));
		const { files, remarks } = render("cloud-init", data);
		return { text: files[0]?.text ?? "", remarks };
	};

	it("has link monitoring in place of netplan's arp-ip-targets", () => {
		const arp = { bond_miimon: 0, bond_arp_interval: 200, bond_arp_ip_target: "192.0.2.1" };
		const { text: file, remarks } = text(arp);
		expect(file).toContain("mii-monitor-interval: 100");
		expect(file).not.toContain("arp");
		expect(remarks).toContainEqual(expect.objectContaining({ pointer: "/links/2/bond_arp_interval", value: "200" }));
	});

	it("has no option that came with 26.1", () => {
		const { text: file, remarks } = text({ bond_resend_igmp: 3, bond_all_slaves_active: 1 });
		expect(file).not.toMatch(/igmp|slaves/);
		expect(remarks.map(({ pointer }) => pointer)).toEqual(
			expect.arrayContaining(["/links/2/bond_resend_igmp", "/links/2/bond_all_slaves_active"]),
		);
	});
});

describe("the remarks on what cloud-init loses", () => {
	const reasons = (document: object) => {
		const { data } = readNetworkData(document);
		return render("cloud-init", data)
			.remarks.map(({ reason, value }) => `${reason} ${value ?? ""}`)
			.join("\n");
	};

	it("tell that NetworkManager and networkd lose options of bonds, but not what they have by themselves", () => {
		const options = { bond_xmit_hash_policy: "layer3+4", bond_downdelay: 200 };
		expect(reasons(document({ bond_mode: "802.3ad", ...options }))).toMatch(
			/NetworkManager .* may drop options \(GH-6932\) \["downdelay","xmit_hash_policy"\]/,
		);
		expect(reasons(document({ bond_mode: "802.3ad" }))).not.toContain("GH-6932");
	});

	it("tell that NetworkManager loses the MTU of a VLAN, but not that of a NIC", () => {
		const vlan = { id: "v", type: "vlan", mtu: 1400, vlan_id: 7, vlan_link: "nic1", vlan_mac_address: mac(1) };
		const networks = [fixed("v", "192.0.2.10")];
		expect(reasons({ links: [nic(1), vlan], networks })).toMatch(/NetworkManager may drop the MTU \(GH-7027\) 1400/);
		expect(reasons({ links: [nic(1, { mtu: 1400 })], networks: [fixed("nic1", "192.0.2.10")] })).toBe("");
	});
});
