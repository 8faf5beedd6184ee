/** A document to begin with: a bond with a VLAN, dual stack. */
export const EXAMPLE = {
	links: [
		{ id: "nic0", type: "phy", mtu: 9000, ethernet_mac_address: "52:54:00:00:04:01" },
		{ id: "nic1", type: "phy", mtu: 9000, ethernet_mac_address: "52:54:00:00:04:02" },
		{
			id: "bond0",
			type: "bond",
			mtu: 9000,
			ethernet_mac_address: "52:54:00:00:04:01",
			bond_mode: "802.3ad",
			bond_links: ["nic0", "nic1"],
			bond_miimon: 100,
			bond_xmit_hash_policy: "layer3+4",
		},
		{ id: "storage", type: "vlan", mtu: 9000, vlan_id: 101, vlan_link: "bond0", vlan_mac_address: "52:54:00:00:04:01" },
	],
	networks: [
		{
			id: "network0",
			type: "ipv4",
			link: "bond0",
			network_id: "front",
			ip_address: "192.0.2.40",
			netmask: "255.255.255.0",
			routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "192.0.2.1" }],
			services: [{ type: "dns", address: "192.0.2.53" }],
		},
		{ id: "network1", type: "ipv6_slaac", link: "bond0", network_id: "front" },
		{
			id: "network2",
			type: "ipv4",
			link: "storage",
			network_id: "storage",
			ip_address: "10.101.0.40",
			netmask: "255.255.255.0",
			routes: [{ network: "10.103.0.0", netmask: "255.255.0.0", gateway: "10.101.0.254" }],
			services: [],
		},
	],
	services: [{ type: "dns", address: "192.0.2.53" }],
};
