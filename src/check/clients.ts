/** The guest-side clients that read `network_data.json`, and what each takes. */

/**
 * In the order in which they are reported. `afterburn` is Afterburn on KubeVirt: its other OpenStack providers don't
 * read this document. glean is judged by its state of 2019, the newest that could be read.
 */
export const CLIENTS = ["cloud-init", "cloudbase-init", "talos", "glean", "nuageinit", "afterburn"] as const;
export type Client = (typeof CLIENTS)[number];

/** How people write each client's name. */
export const CLIENT_NAMES: Readonly<Record<Client, string>> = {
	"cloud-init": "cloud-init",
	"cloudbase-init": "cloudbase-init (Windows)",
	talos: "Talos",
	glean: "glean",
	nuageinit: "nuageinit (FreeBSD)",
	afterburn: "Afterburn on KubeVirt",
};

/** The types of a NIC's link that Talos takes; it ignores a link of any other (platform/openstack, `ParseMetadata`). */
export const TALOS_NIC_TYPES: readonly unknown[] = ["phy", "vif", "ovs", "bridge", "tap", "vhostuser", "hw_veb"];

/** The types of a NIC's link that cloud-init takes without a warning (`KNOWN_PHYSICAL_TYPES`). */
export const CLOUD_INIT_NIC_TYPES: readonly unknown[] = [
	null,
	...TALOS_NIC_TYPES,
	"bgpovs",
	"cascading",
	"dvs",
	"ethernet",
	"hyperv",
];

/** Every network type that Nova emits. */
const NOVA_TYPES = [
	"ipv4",
	"ipv4_dhcp",
	"ipv6",
	"ipv6_dhcp",
	"ipv6_slaac",
	"ipv6_dhcpv6-stateful",
	"ipv6_dhcpv6-stateless",
] as const;

/** The network types that each client configures something for. cloud-init passes its own subnet types through. */
export const NETWORK_TYPES_OF: Readonly<Record<Client, readonly string[]>> = {
	"cloud-init": [...NOVA_TYPES, "static", "static6", "dhcp", "dhcp4", "dhcp6", "manual"],
	"cloudbase-init": ["ipv4", "ipv6"],
	talos: NOVA_TYPES,
	glean: ["ipv4", "ipv4_dhcp", "ipv6", "manual"],
	nuageinit: ["ipv4", "ipv4_dhcp", "ipv6"],
	afterburn: ["ipv4", "ipv4_dhcp", "ipv6", "ipv6_dhcp"],
};

export type ClientSet = ReadonlySet<Client>;

/** Every client but these. */
export function allBut(...spared: readonly Client[]): ClientSet {
	return without(new Set(CLIENTS), ...spared);
}

export function without(clients: ClientSet, ...spared: readonly Client[]): ClientSet {
	return new Set([...clients].filter((client) => !spared.includes(client)));
}

export function inBoth(some: ClientSet, others: ClientSet): ClientSet {
	return new Set([...some].filter((client) => others.has(client)));
}
