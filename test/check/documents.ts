/** Parts of a sound document, for changing one thing at a time. */

type Part = Record<string, unknown>;

export const MAC = "52:54:00:00:00:01";
export const MAC2 = "52:54:00:00:00:02";
export const MAC3 = "52:54:00:00:00:03";

export function nic(change: Part = {}): Part {
	return { id: "tap0", type: "ovs", mtu: 1500, ethernet_mac_address: MAC, ...change };
}

export function nic2(change: Part = {}): Part {
	return nic({ id: "tap1", ethernet_mac_address: MAC2, ...change });
}

export function bond(change: Part = {}): Part {
	const members = { bond_mode: "active-backup", bond_links: ["tap0", "tap1"], bond_miimon: 100 };
	return { id: "bond0", type: "bond", mtu: 1500, ethernet_mac_address: MAC, ...members, ...change };
}

export function vlan(change: Part = {}): Part {
	const tag = { vlan_id: 101, vlan_link: "tap0", vlan_mac_address: MAC3 };
	return { id: "vlan0", type: "vlan", mtu: 1500, ...tag, ...change };
}

export function ipv4(change: Part = {}): Part {
	const address = { ip_address: "10.0.0.5", netmask: "255.255.255.0" };
	return { id: "network0", type: "ipv4", link: "tap0", network_id: "a", ...address, routes: [], ...change };
}

export function ipv6(change: Part = {}): Part {
	const address = { type: "ipv6", ip_address: "2001:db8::5", netmask: "ffff:ffff:ffff:ffff::" };
	return ipv4({ id: "network6", ...address, ...change });
}

export function automatic(type: string, change: Part = {}): Part {
	return { id: "network1", type, link: "tap0", network_id: "a", ...change };
}

export function defaultRoute(gateway = "10.0.0.1", change: Part = {}): Part {
	const all = gateway.includes(":") ? "::" : "0.0.0.0";
	return { network: all, netmask: all, gateway, ...change };
}

export function hostRoute(change: Part = {}): Part {
	return { network: "192.168.0.0", netmask: "255.255.0.0", gateway: "10.0.0.1", ...change };
}

export function dns(address = "10.0.0.53", change: Part = {}): Part {
	return { type: "dns", address, ...change };
}

/** A NIC with a static address, a default route and a name server, with the given changes. */
export function document(change: Part = {}): Part {
	const network = ipv4({ routes: [defaultRoute()], dns_nameservers: ["10.0.0.53"] });
	return { links: [nic()], networks: [network], services: [dns()], ...change };
}

/** The document with these links. */
export const links = (...list: unknown[]) => document({ links: list });

/** The document with these networks. */
export const networks = (...list: unknown[]) => document({ networks: list });

/** A second static address in the subnet. */
export const second = (change: Part = {}) => ipv4({ id: "network2", ip_address: "10.0.0.6", ...change });

/** The document with a second NIC, which has a static network in a subnet of its own. */
export function twoNics(first: Part = {}, second: Part = {}): Part {
	const other = { id: "network2", link: "tap1", ip_address: "10.1.0.5" };
	return document({ links: [nic(), nic2()], networks: [ipv4(first), ipv4({ ...other, ...second })] });
}

/** Two NICs in a bond with a static address. */
export function bonded(change: Part = {}, network: Part = {}): Part {
	return document({ links: [nic(), nic2(), bond(change)], networks: [ipv4({ link: "bond0", ...network })] });
}

/** A NIC and a VLAN on it, with a static address on the VLAN. */
export function tagged(change: Part = {}): Part {
	return document({ links: [nic(), vlan(change)], networks: [ipv4({ link: "vlan0" })] });
}

/** The part without one of its members. */
export function without(part: Part, name: string): Part {
	return Object.fromEntries(Object.entries(part).filter(([key]) => key !== name));
}
