/** Nodes as operators write them. */
import { randomUUID } from "node:crypto";
import { call, type Json, provision } from "./api.ts";

export interface NodePlan {
	/** Ironic's own members of the node. */
	readonly node?: Json;
	/** Of the port group, if there is one. */
	readonly group?: Json;
	/** Its NICs; `inGroup` for those in the port group. */
	readonly ports: readonly { readonly inGroup?: boolean; readonly members?: Json }[];
}

/** The MAC address of a node's NIC. */
export const mac = (node: number, nic: number) =>
	`52:54:00:ee:${node.toString(16).padStart(2, "0")}:${nic.toString(16).padStart(2, "0")}`;

const phy = (id: string, address: string, mtu = 9000) => ({ id, type: "phy", ethernet_mac_address: address, mtu });
const v4 = (link: string, host: number, more: Json = {}) => ({
	id: `n4-${host}`,
	network_id: "lan",
	link,
	type: "ipv4",
	ip_address: `10.9.0.${host}`,
	netmask: "255.255.255.0",
	...more,
});
const v6 = (link: string, host: number) => ({
	...{ id: `n6-${host}`, network_id: "lan6", link, type: "ipv6", ip_address: `2001:db8:9::${host}` },
	netmask: "ffff:ffff:ffff:ffff::",
	routes: [{ network: "::", netmask: "::", gateway: "2001:db8:9::1" }],
});
const gateway = { routes: [{ network: "0.0.0.0", netmask: "0.0.0.0", gateway: "10.9.0.1" }] };
const data = (links: Json[], networks: Json[]) => ({
	network_data: { links, networks, services: [{ type: "dns", address: "10.9.0.53" }] },
});
const vlan = (id: number, link: string, address: string) => ({
	...{ id: `vlan${id}`, type: "vlan", vlan_id: id, vlan_link: link, vlan_mac_address: address, mtu: 9000 },
});
const lacp = (node: number) => ({
	...{ address: mac(node, 1), mode: "802.3ad" },
	properties: { miimon: 100, xmit_hash_policy: "layer3+4", "lacp-rate": "fast" },
});
const pair = [{ inGroup: true }, { inGroup: true }];

/** By name; the number of each is its place. */
export const PLANS: Readonly<Record<string, (n: number) => NodePlan>> = {
	"a bond": (n) => ({
		node: data([phy("a", mac(n, 1)), phy("b", mac(n, 2))], [v4("a", n, gateway)]),
		...{ group: lacp(n), ports: pair },
	}),
	"a bond with VLANs": (n) => ({
		node: data(
			[phy("a", mac(n, 1)), vlan(100, "a", mac(n, 1)), vlan(200, "a", mac(n, 1))],
			[v4("vlan100", n, gateway), v6("vlan200", n)],
		),
		...{ group: lacp(n), ports: pair },
	}),
	"two NICs": (n) => ({
		node: data([phy("a", mac(n, 1)), phy("b", mac(n, 2))], [v4("a", n, gateway), v6("b", n)]),
		ports: [{}, {}],
	}),
	"a trunk on a NIC without addresses": (n) => ({
		node: data([phy("a", mac(n, 1)), vlan(7, "a", mac(n, 1))], [v4("vlan7", n, gateway)]),
		ports: [{}],
	}),
	"IPv6 only": (n) => ({ node: data([phy("a", mac(n, 1))], [v6("a", n)]), ports: [{}] }),
	InfiniBand: (n) => ({
		node: data([phy("ib", mac(n, 1), 2044)], [v4("ib", n, gateway)]),
		ports: [{ members: { extra: { "client-id": "ff:00:00:00:00:00:02:00:00:02:c9:00:7c:fe:90:03:00:29:26:52" } } }],
	}),
	"a port group without members": (n) => ({
		node: data([phy("a", mac(n, 1))], [v4("a", n, gateway)]),
		...{ group: { mode: "active-backup" }, ports: [{}] },
	}),
	"a port group without address and properties": (n) => ({
		node: data([phy("a", mac(n, 1))], [v4("a", n, gateway)]),
		...{ group: { name: `tbn_dyn_portgroup_${n}` }, ports: pair },
	}),
};

/** Makes the node, available to be deployed. @returns its UUID */
export async function makeNode(name: string, n: number, plan: NodePlan): Promise<string> {
	const uuid = randomUUID();
	const words = name.replaceAll(" ", "-");
	await call("POST", "/v1/nodes", {
		uuid,
		name: words,
		driver: "fake-hardware",
		instance_uuid: randomUUID(),
		...plan.node,
	});
	const group = plan.group && (await call("POST", "/v1/portgroups", { node_uuid: uuid, ...plan.group }));
	for (const [at, { inGroup, members }] of plan.ports.entries()) {
		await call("POST", "/v1/ports", {
			...{ node_uuid: uuid, address: mac(n, at + 1), ...members },
			...(inGroup && { portgroup_uuid: group?.["uuid"] }),
		});
	}
	await provision(uuid, "manage", "manageable");
	await provision(uuid, "provide", "available");
	return uuid;
}
