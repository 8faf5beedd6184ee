/** A small cloud that changes at random. */
import type {
	KeypairFacts,
	NetworkFacts,
	PortFacts,
	SecurityGroupFacts,
	ServerFacts,
	SubnetFacts,
} from "../../src/instance/facts.ts";
import type { ResourceContents, ResourceKind, ServerDetails } from "../../src/source/resource.ts";
import { keypairId } from "../../src/source/source.ts";
import { createModelNeutron } from "./model-neutron.ts";
import { createModelRecords, type ModelRecords, type ModelRecordsOptions } from "./model-records.ts";
import type { Random } from "./scheduler.ts";

export interface ModelCloud extends Pick<ModelRecords, "get" | "ids" | "all" | "tenures"> {
	/** Makes one random change. */
	change(): void;
}

export interface ModelCloudOptions extends ModelRecordsOptions {
	readonly random: Random;
	/** Addresses of each network. Default: few, so that tenants soon use one another's old addresses. */
	readonly hosts?: number;
	readonly mostServers?: number;
}

export const TENANTS = ["red", "blue"];
export const NETWORKS = ["net-1", "net-2"];
export const addressOn = (network: string, host: number) => `10.0.${network.at(-1)}.${host}`;

const macOf = (n: number) => `fa:16:3e:00:${String(n).padStart(4, "0").replace(/..$/, ":$&")}`;

export function createModelCloud(options: ModelCloudOptions): ModelCloud {
	const { random, note, hosts = 5, mostServers = 5 } = options;
	const records = createModelRecords(options);
	const { get, all, put, putSilently, remove, nicsOf } = records;
	let lastId = 0;
	const nextId = (prefix: string) => `${prefix}-${String(++lastId).padStart(3, "0")}`;

	const neutron = createModelNeutron({ random, records, nextId, networks: NETWORKS, tenants: TENANTS });

	const free = (network: string) => {
		const used = new Set(all("port").flatMap(({ fixed_ips }) => fixed_ips.map(({ ip_address }) => ip_address)));
		const addresses = Array.from({ length: hosts }, (_, at) => addressOn(network, at + 10));
		return addresses.filter((address) => !used.has(address));
	};

	function newPort(tenant: string, more: Partial<PortFacts>): PortFacts | undefined {
		const network = random.pick(NETWORKS);
		const [address] = free(network);
		if (address === undefined) return undefined;
		const id = nextId("port");
		const mac = macOf(lastId);
		return {
			...{ id, name: "", network_id: network, mac_address: mac, project_id: tenant },
			...{ device_id: "", device_owner: "", "binding:vif_type": "ovs" },
			fixed_ips: [{ subnet_id: `sub-${network}`, ip_address: address }, ...neutron.automaticAddresses(network, mac)],
			...{ security_groups: [`group-${tenant}`], allowed_address_pairs: [], tags: [], ...more },
		};
	}

	/** Writes what Nova says about the server's NICs. */
	function refreshServer(server: ServerFacts, write = put): void {
		const ports = nicsOf(server);
		const addresses = Map.groupBy(ports, ({ network_id }) => network_id);
		const details: ServerDetails = {
			interfaceAttachments: ports.length > 1 ? ports.map(({ id }) => ({ port_id: id, tag: `tag of ${id}` })) : [],
			volumeAttachments: detailsOf(server.id)?.volumeAttachments ?? [],
		};
		write("server_details", server.id, details);
		write("server", server.id, {
			...server,
			addresses: Object.fromEntries(
				Array.from(addresses, ([network, some]) => [
					network,
					some.map((port) => ({
						addr: port.fixed_ips[0]?.ip_address ?? "",
						"OS-EXT-IPS-MAC:mac_addr": port.mac_address,
					})),
				]),
			),
		});
	}

	const detailsOf = (id: string) => get("server_details", id)?.content as ServerDetails | undefined;

	function createServer(): void {
		if (all("server").length >= mostServers) return;
		const tenant = random.pick(TENANTS);
		const id = nextId("server");
		const port = newPort(tenant, { device_id: id, device_owner: "compute:nova" });
		if (port === undefined) return;
		const userId = `user-${tenant}`;
		put("keypair", keypairId(userId, "key"), { name: "key", user_id: userId, type: "ssh", public_key: "ssh-rsa A" });
		put("port", port.id, port);
		refreshServer({
			...{ id, name: "", tenant_id: tenant, user_id: userId, key_name: "key", metadata: {}, addresses: {} },
			...{ security_groups: [], "OS-EXT-SRV-ATTR:user_data": Buffer.from(`secret of ${id}`).toString("base64") },
		});
	}

	function deleteServer(): void {
		const server = anyOf("server");
		if (server === undefined) return;
		for (const port of all("port").filter(({ device_id }) => device_id === server.id)) {
			if (port.project_id === server.tenant_id) deletePort(port);
		}
		remove("server_details", server.id);
		remove("server", server.id);
	}

	function deletePort(port: PortFacts): void {
		for (const trunk of all("trunk").filter(({ port_id }) => port_id === port.id)) {
			for (const { port_id } of trunk.sub_ports) changePort(port_id, { device_owner: "" });
			remove("trunk", trunk.id);
		}
		for (const ip of all("floatingip").filter(({ port_id }) => port_id === port.id))
			putSilently("floatingip", ip.id, { ...ip, port_id: null, fixed_ip_address: null });
		remove("port", port.id);
	}

	const anyOf = <Kind extends ResourceKind>(kind: Kind): ResourceContents[Kind] | undefined => {
		const some = all(kind);
		return some.length === 0 ? undefined : random.pick(some);
	};
	const portWith = (id: string) => get("port", id)?.content as PortFacts | undefined;
	const changePort = (id: string, more: Partial<PortFacts>) => {
		const port = portWith(id);
		if (port !== undefined) put("port", id, { ...port, ...more });
	};
	const touch = (kind: "network" | "subnet" | "security_group") => {
		const one = anyOf(kind);
		if (one !== undefined) put(kind, one.id, one as never);
	};

	/** Another tenant's port that names a server as its device. */
	function forgePort(): void {
		const server = anyOf("server");
		const tenant = TENANTS.find((one) => one !== server?.tenant_id) ?? "";
		const port = newPort(tenant, { device_id: server?.id ?? "", device_owner: "compute:nova" });
		if (port !== undefined && server !== undefined) put("port", port.id, port);
	}

	function attach(): void {
		const server = anyOf("server");
		const port = server && newPort(server.tenant_id ?? "", { device_id: server.id, device_owner: "compute:nova" });
		if (server === undefined || port === undefined || nicsOf(server).length > 2) return;
		put("port", port.id, port);
		refreshServer(server);
	}

	function detach(): void {
		const server = anyOf("server");
		const ports = server && nicsOf(server);
		if (server === undefined || ports === undefined || ports.length < 2) return;
		deletePort(random.pick(ports));
		refreshServer(server);
	}

	function changeAddress(): void {
		const server = anyOf("server");
		const [port] = server ? nicsOf(server) : [];
		const [address] = port ? free(port.network_id) : [];
		if (server === undefined || port === undefined || address === undefined) return;
		const [, ...others] = port.fixed_ips;
		changePort(port.id, { fixed_ips: [{ subnet_id: `sub-${port.network_id}`, ip_address: address }, ...others] });
		// Neutron tells Nova, and Nova nobody.
		refreshServer(server, putSilently);
	}

	function addSubport(): void {
		const server = anyOf("server");
		const [parent] = server ? nicsOf(server) : [];
		const port = server && newPort(server.tenant_id ?? "", { device_owner: "trunk:subport" });
		if (parent === undefined || port === undefined) return;
		const trunk = all("trunk").find(({ port_id }) => port_id === parent.id);
		const id = trunk?.id ?? nextId("trunk");
		const subport = { port_id: port.id, segmentation_type: "vlan", segmentation_id: 100 + lastId };
		put("port", port.id, port);
		put("trunk", id, { id, name: "", port_id: parent.id, sub_ports: [...(trunk?.sub_ports ?? []), subport] });
	}

	function removeSubport(): void {
		const trunk = anyOf("trunk");
		const [first, ...others] = trunk?.sub_ports ?? [];
		if (trunk === undefined || first === undefined) return;
		put("trunk", trunk.id, { ...trunk, sub_ports: others });
		const port = portWith(first.port_id);
		if (port !== undefined) deletePort(port);
	}

	function floatingIp(): void {
		const server = anyOf("server");
		const [port] = server ? nicsOf(server) : [];
		const known = anyOf("floatingip");
		if (known !== undefined && random.chance(0.3)) {
			remove("floatingip", known.id);
			return;
		}
		if (port === undefined) return;
		const id = known?.id ?? nextId("fip");
		const fixed = port.fixed_ips[0]?.ip_address ?? null;
		put("floatingip", id, {
			id,
			floating_ip_address: `203.0.113.${Number(id.slice(-3)) % 256}`,
			fixed_ip_address: fixed,
			port_id: port.id,
		});
	}

	function replaceKeypair(): void {
		const server = anyOf("server");
		if (server === undefined) return;
		const id = keypairId(server.user_id ?? "", "key");
		const known = get("keypair", id)?.content as KeypairFacts | undefined;
		if (known !== undefined && random.chance(0.5)) {
			remove("keypair", id);
			return;
		}
		const public_key = `ssh-rsa ${++lastId}`;
		put("keypair", id, { name: "key", user_id: server.user_id ?? "", type: "ssh", public_key });
	}

	function changeVolumes(): void {
		const server = anyOf("server");
		const details = server && detailsOf(server.id);
		if (server === undefined || details === undefined) return;
		const volume = { serverId: server.id, volumeId: nextId("volume"), device: "/dev/vdb" };
		put("server_details", server.id, {
			...details,
			volumeAttachments: details.volumeAttachments.length > 0 ? [] : [volume],
		});
	}

	function rename(): void {
		const server = anyOf("server");
		if (server !== undefined) put("server", server.id, server);
	}

	const CHANGES: readonly (readonly [weight: number, name: string, change: () => void])[] = [
		[6, "create a server", createServer],
		[4, "delete a server", deleteServer],
		[3, "rename a server", rename],
		[3, "attach a NIC", attach],
		[3, "detach a NIC", detach],
		[3, "change an address", changeAddress],
		[2, "add a subport", addSubport],
		[1, "remove a subport", removeSubport],
		[2, "change a floating IP", floatingIp],
		[1, "replace a key pair", replaceKeypair],
		[2, "attach or detach a volume", changeVolumes],
		[1, "forge a port", forgePort],
		[1, "change a network", () => touch("network")],
		[1, "change a subnet", () => touch("subnet")],
		[1, "change a security group", () => touch("security_group")],
		[1, "create a security group", neutron.createGroup],
		[1, "delete a security group", neutron.deleteGroup],
		[2, "change a port's security groups", neutron.changeGroups],
		[1, "create a subnet with automatic addresses", neutron.createSubnet],
		[1, "delete a subnet with automatic addresses", neutron.deleteSubnet],
	];
	const choices = CHANGES.flatMap((choice) => Array.from({ length: choice[0] }, () => choice));

	for (const id of NETWORKS) {
		put("network", id, { id, name: "", mtu: 1500, tags: [] } satisfies NetworkFacts);
		const subnet = {
			id: `sub-${id}`,
			name: "",
			network_id: id,
			ip_version: 4,
			cidr: `${addressOn(id, 0)}/24`,
		} as const;
		const more = { gateway_ip: addressOn(id, 1), enable_dhcp: true, dns_nameservers: [], host_routes: [], tags: [] };
		put("subnet", subnet.id, { ...subnet, ...more } as SubnetFacts);
	}
	for (const tenant of TENANTS) {
		const group: SecurityGroupFacts = { id: `group-${tenant}`, name: "", security_group_rules: [] };
		put("security_group", group.id, group);
	}
	return {
		...records,
		change() {
			const [, name, change] = random.pick(choices);
			note(`the cloud: ${name}`);
			change();
		},
	};
}
