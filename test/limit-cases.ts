/** Inventories of instances at each limit. */
import { MOST } from "../src/instance/limits.ts";

type LimitName = keyof typeof MOST;

/** An instance's inventory, of which a part has as many items as a limit allows. */
interface Parts {
	readonly server?: object;
	readonly network?: object;
	readonly subnet?: object;
	/** Of each port, by its number. */
	readonly port?: (n: number) => object;
	readonly ports?: number;
	readonly others?: object;
}

const list = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
const address = (n: number) => `10.0.${n >> 8}.${n & 255}`;
/** Documents escape it, which takes longest. */
const NON_ASCII = "é";

/** What is special about the instance with this id. */
type Make = (id: string, most: number) => Parts;

/** By the limit that the instance is at. */
const CASES: Readonly<Record<LimitName, Make>> = {
	ports: (_, ports) => ({ ports }),
	addresses: (_, most) => {
		const ports = 500;
		const fixed_ips = (port: number) =>
			list(most / ports, (n) => ({ ip_address: address(256 + port * (most / ports) + n) }));
		return { ports, port: (n) => ({ fixed_ips: fixed_ips(n) }) };
	},
	routes: (_, most) => {
		const route = (n: number) => ({ destination: `198.18.${n >> 8}.${n & 255}/32`, nexthop: "10.0.0.1" });
		return { ports: 500, subnet: { host_routes: list(most / 500, route) } };
	},
	"DNS servers": (_, most) => ({ subnet: { dns_nameservers: list(most, (n) => `192.0.${n >> 8}.${n & 255}`) } }),
	"allowed address pairs": (_, most) => ({
		port: () => ({ allowed_address_pairs: list(most, (n) => ({ ip_address: address(n) })) }),
	}),
	tags: (_, most) => ({ port: () => ({ tags: list(most, (n) => `tag-${n}`) }) }),
	"security group rules": (id, most) => {
		const rule = (n: number) => ({ direction: "ingress", ethertype: "IPv4", remote_ip_prefix: `${address(n)}/32` });
		return {
			port: () => ({ security_groups: [`group-${id}`] }),
			others: { security_groups: [{ id: `group-${id}`, security_group_rules: list(most, rule) }] },
		};
	},
	"floating IPs": (id, most) => ({
		others: {
			floatingips: list(most, (n) => ({
				...{ id: `${id}-${n}`, port_id: `${id}-port-0`, floating_ip_address: `192.0.${n >> 8}.${n & 255}` },
				fixed_ip_address: address(256),
			})),
		},
	}),
	"DNS names": (_, most) => ({
		port: () => ({
			dns_assignment: list(most, (n) => ({ ip_address: address(n), hostname: `h${n}`, fqdn: `h${n}.example.` })),
		}),
	}),
	volumes: (serverId, most) => ({
		others: {
			volumeAttachments: list(most, (n) => ({ serverId, volumeId: `v${n}`, device: "/dev/vdb", tag: `t${n}` })),
		},
	}),
	shares: (server_id, most) => ({ others: { shares: list(most, (n) => ({ server_id, share_id: `s${n}` })) } }),
	keys: (id, most) => ({
		server: { key_name: list(most, (n) => `${id}-${n}`) },
		others: { keypairs: list(most, (n) => ({ name: `${id}-${n}`, public_key: `ssh-ed25519 AAAA${n}` })) },
	}),
	"dedicated CPUs": (_, most) => ({ server: { dedicated_cpus: list(most, (n) => n) } }),
	"bytes of user data": (_, most) => ({
		server: { "OS-EXT-SRV-ATTR:user_data": Buffer.alloc(most, "x").toString("base64") },
	}),
	"characters of metadata": (_, most) => ({ server: { metadata: { text: NON_ASCII.repeat(most - "text".length) } } }),
	"characters of text": (_, most) => ({ port: () => ({ description: NON_ASCII.repeat(most - 5000) }) }),
};

/** Instances at a limit in other shapes. */
const SHAPES: Readonly<Record<string, { readonly limit: LimitName; readonly make: Make }>> = {
	"addresses of one port": {
		limit: "addresses",
		make: (_, most) => ({
			subnet: { enable_dhcp: false },
			port: () => ({ fixed_ips: list(most, (n) => ({ ip_address: address(256 + n) })) }),
		}),
	},
	"routes of static addresses": {
		limit: "routes",
		make: (id, most) => ({
			...CASES.routes(id, most),
			subnet: { ...CASES.routes(id, most).subnet, enable_dhcp: false },
		}),
	},
	"routes by as many distant routers": {
		limit: "routes",
		make: (_, most) => {
			const route = (n: number) => ({
				...{ destination: `198.18.${n >> 8}.${n & 255}/32`, nexthop: `203.0.${n >> 8}.${n & 255}` },
			});
			return { subnet: { enable_dhcp: false, host_routes: list(most, route) } };
		},
	},
	"keys of one key pair": {
		limit: "keys",
		make: (id, most) => ({
			server: { key_name: id },
			others: { keypairs: [{ name: id, public_key: list(most, (n) => `ssh-ed25519 AAAA${n}`).join("\n") }] },
		}),
	},
	"bytes of user data that is not ASCII": {
		limit: "bytes of user data",
		make: (_, most) => ({
			server: { "OS-EXT-SRV-ATTR:user_data": Buffer.alloc(most, NON_ASCII).toString("base64") },
		}),
	},
};

export const LIMIT_CASES: readonly string[] = [...Object.keys(CASES), ...Object.keys(SHAPES)];

/** How much an instance of a case may have. */
export function limitOf(name: string): number {
	return MOST[SHAPES[name]?.limit ?? (name as LimitName)];
}

/** An inventory of one instance of a case. */
export function atLimit(name: string, id: string, most: number, serverName = id): object {
	const make = SHAPES[name]?.make ?? CASES[name as LimitName];
	const { server, network, subnet, ports = 1, port = () => ({}), others } = make(id, most);
	const mac = (n: number) =>
		`02:00:00:00:${[n >> 8, n & 255].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
	return {
		servers: [{ id, name: serverName, ...server }],
		networks: [{ id: `net-${id}`, ...network }],
		subnets: [{ id: `subnet-${id}`, network_id: `net-${id}`, cidr: "10.0.0.0/16", gateway_ip: "10.0.0.1", ...subnet }],
		ports: list(ports, (n) => ({
			...{ id: `${id}-port-${n}`, device_id: id, network_id: `net-${id}`, mac_address: mac(n) },
			fixed_ips: [{ ip_address: address(256 + n) }],
			...port(n),
		})),
		...others,
	};
}
