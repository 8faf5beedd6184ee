/** A guest of its own whose facts are changed in the cloud, and the changes. */
import { type Api, eventually, type Json } from "./api.ts";
import { built, ensureBootSource, type Guest, startGuest } from "./instances.ts";
import { ensureOutside, makeNetwork, type Wiring } from "./networks.ts";

export const NETWORK_DATA = "/openstack/latest/network_data.json";
/** Neutron's view of the guest's ports, which Nova does not serve. */
export const PORTS = "/openstack/latest/metadata/network_data";
export const META_DATA = "/openstack/latest/meta_data.json";

export const NAME = "willow";
const NETWORK = {
	name: NAME,
	subnets: [
		{ name: "willow-v4", cidr: "10.90.0.0/22", more: { enable_dhcp: false, dns_nameservers: ["10.90.0.53"] } },
		{ name: "willow-v6", cidr: "2001:db8:90::/64", more: { ip_version: 6, enable_dhcp: false } },
	],
};
const PLAN = { name: NAME, nics: [{ network: NAME, addresses: [["willow-v4", "10.90.1.1"]] as const }] };

/** Whose facts are changed. */
export interface Subject {
	readonly api: Api;
	readonly guest: Guest;
	/** The networks and subnets of the guest by name. */
	readonly wiring: Wiring;
}

export interface Change {
	readonly what: string;
	/** The document that shows it. */
	readonly path: string;
	/** If that is not one of Nova's, an EC2 document that shows it too. */
	readonly ec2Path?: string;
	/** `n` differs from one run of a change to the next; it is from 1 to 100. Ends with the API's answer. */
	change(subject: Subject, n: number): Promise<unknown>;
	/** Text that the document has after the change, and did not have before. */
	sign(n: number): string;
}

/** Makes the guest anew. */
export async function makeSubject(api: Api): Promise<Subject> {
	await removeSubject(api);
	const wiring: Wiring = new Map();
	await makeNetwork(api, NETWORK, wiring);
	const guest = await startGuest(api, PLAN, wiring, await ensureBootSource());
	await built(api, guest.id);
	return { api, guest, wiring };
}

/** Removes what this run made, or one that was broken off: everything whose name begins with the guest's. */
export async function removeSubject(api: Api): Promise<void> {
	const servers = async (): Promise<Json[]> => (await api.get("compute", `/servers?name=^${NAME}`)).servers;
	for (const { id } of await servers()) await api.delete("compute", `/servers/${id}`);
	await eventually("the servers are gone", 60, async () => ((await servers()).length === 0 ? true : undefined));
	const listed = async (kind: string): Promise<Json[]> =>
		(await api.get("network", `/${kind.replace("_", "-")}?project_id=${api.projectId}`))[kind];
	const own = async (kind: string) => (await listed(kind)).filter(({ name }) => name.startsWith(NAME));
	for (const { id } of await own("trunks")) await api.delete("network", `/trunks/${id}`);
	const ports = await own("ports");
	for (const { id, port_id } of await listed("floatingips"))
		if (ports.some((port) => port.id === port_id)) await api.delete("network", `/floatingips/${id}`);
	for (const { id } of ports) await api.delete("network", `/ports/${id}`);
	const networks = await own("networks");
	for (const { network_id, device_owner, device_id, id: port_id } of await listed("ports"))
		if (device_owner.startsWith("network:router") && networks.some(({ id }) => id === network_id))
			await api.put("network", `/routers/${device_id}/remove_router_interface`, { port_id });
	for (const { id } of networks) await api.delete("network", `/networks/${id}`);
	for (const { id } of await own("security_groups")) await api.delete("network", `/security-groups/${id}`);
}

/** Changes something in Neutron and in Nova that no other change is about. */
export async function touch(subject: Subject): Promise<void> {
	const { api, guest } = subject;
	await updatePort(subject, { description: `touched ${Date.now()}` });
	await api.post("compute", `/servers/${guest.id}/metadata`, { metadata: { touched: `${Date.now()}` } });
}

const updatePort = ({ api, guest }: Subject, port: Json) => api.put("network", `/ports/${guest.ports[0].id}`, { port });
const updateSubnet = ({ api, wiring }: Subject, subnet: Json) =>
	api.put("network", `/subnets/${wiring.get("willow-v4").id}`, { subnet });
const addresses = ({ wiring }: Subject, ips: readonly (readonly [string, string])[]) => ({
	fixed_ips: ips.map(([subnet, ip_address]) => ({ subnet_id: wiring.get(subnet).id, ip_address })),
});

/** Changes of what `network_data.json` is made from. */
export const NETWORK_CHANGES: readonly Change[] = [
	{
		what: "a port's address",
		path: NETWORK_DATA,
		change: (subject, n) => updatePort(subject, addresses(subject, [["willow-v4", `10.90.2.${n}`]])),
		sign: (n) => `"10.90.2.${n}"`,
	},
	{
		what: "a further address of a port",
		path: NETWORK_DATA,
		change: (subject, n) =>
			updatePort(
				subject,
				addresses(subject, [
					["willow-v4", "10.90.1.1"],
					["willow-v6", `2001:db8:90::${n}`],
				]),
			),
		sign: (n) => `"2001:db8:90::${n}"`,
	},
	{
		what: "a subnet's DNS server",
		path: NETWORK_DATA,
		change: (subject, n) => updateSubnet(subject, { dns_nameservers: [`10.90.3.${n}`] }),
		sign: (n) => `"10.90.3.${n}"`,
	},
	{
		what: "a subnet's host route",
		path: NETWORK_DATA,
		change: (subject, n) =>
			updateSubnet(subject, { host_routes: [{ destination: `198.18.${n}.0/24`, nexthop: "10.90.0.9" }] }),
		sign: (n) => `"198.18.${n}.0"`,
	},
	{
		what: "a network's MTU",
		path: NETWORK_DATA,
		change: ({ api, wiring }, n) =>
			api.put("network", `/networks/${wiring.get(NAME).id}`, { network: { mtu: 1300 + n } }),
		sign: (n) => `"mtu": ${1300 + n}`,
	},
];

/** No name contains another one. */
const groupName = (n: number) => `willow-group-${String(n).padStart(3, "0")}`;

/** Changes of what other documents are made from. */
export const OTHER_CHANGES: readonly Change[] = [
	{
		what: "a port's description",
		path: PORTS,
		change: (subject, n) => updatePort(subject, { description: `catkin ${n}` }),
		sign: (n) => `"catkin ${n}"`,
	},
	{
		what: "a port's tag",
		path: PORTS,
		change: ({ api, guest }, n) => api.put("network", `/ports/${guest.ports[0].id}/tags`, { tags: [`catkin-${n}`] }),
		sign: (n) => `"catkin-${n}"`,
	},
	{
		what: "a port's security group",
		path: PORTS,
		ec2Path: "/latest/meta-data/security-groups",
		async change(subject, n) {
			const group = { name: groupName(n), description: "" };
			const { security_group } = await subject.api.post("network", "/security-groups", { security_group: group });
			await updatePort(subject, { security_groups: [security_group.id] });
		},
		sign: groupName,
	},
	{
		what: "a floating IP",
		path: PORTS,
		ec2Path: "/latest/meta-data/public-ipv4",
		async change({ api, guest: { ports } }, n) {
			const [{ id: port_id }] = ports;
			const floating_network_id = await ensureOutside(api, ports[0]);
			const { floatingips } = await api.get("network", `/floatingips?port_id=${port_id}`);
			for (const { id } of floatingips) await api.delete("network", `/floatingips/${id}`);
			const floatingip = { floating_network_id, port_id, floating_ip_address: `203.0.113.${100 + n}` };
			await api.post("network", "/floatingips", { floatingip });
		},
		sign: (n) => `203.0.113.${100 + n}`,
	},
	{
		what: "a server's name",
		path: META_DATA,
		change: ({ api, guest }, n) => api.put("compute", `/servers/${guest.id}`, { server: { name: `willow-${n}` } }),
		sign: (n) => `"name": "willow-${n}"`,
	},
	{
		what: "a server's metadata",
		path: META_DATA,
		change: ({ api, guest }, n) =>
			api.post("compute", `/servers/${guest.id}/metadata`, { metadata: { catkin: `catkin ${n}` } }),
		sign: (n) => `"catkin ${n}"`,
	},
];
