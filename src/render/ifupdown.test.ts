import { describe, expect, it } from "vitest";
import type { Link } from "../documents/network-data.ts";
import { render } from "./index.ts";

const nic: Link = { id: "nic", type: "phy", ethernet_mac_address: "fa:16:3e:00:00:01" };
const bond: Link = {
	id: "bond",
	type: "bond",
	ethernet_mac_address: "fa:16:3e:00:00:01",
	bond_mode: "802.3ad",
	bond_links: ["nic"],
};
const vlan: Link = {
	id: "vlan",
	type: "vlan",
	vlan_id: 101,
	vlan_link: "bond",
	vlan_mac_address: "fa:16:3e:00:00:02",
};

describe("ifupdown", () => {
	it("turns router advertisements off once the interface exists: ifenslave creates a bond after pre-up options", () => {
		const [file] = render("ifupdown", { links: [nic, bond, vlan], networks: [], services: [] }).files;
		const off = (file?.text ?? "").split("\n\n").flatMap((stanza) => {
			const [, name] = /^iface (\S+)/.exec(stanza) ?? [];
			const [, when] = /^\t(\S+) sysctl .*accept_ra=0$/m.exec(stanza) ?? [];
			return when === undefined ? [] : [[name, when]];
		});
		expect(off).toEqual([
			["bond0", "up"],
			["bond0.101", "pre-up"],
		]);
	});
});
