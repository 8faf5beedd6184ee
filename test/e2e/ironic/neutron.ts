/** The part of Neutron that Ironic's flat network interface and Guestwire ask about ports, for attaching VIFs. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Json } from "./api.ts";

export interface FakeNeutron {
	readonly url: string;
	addPort(): { readonly id: string; readonly address: string };
	/** The address of any port. */
	addressOf(id: string): string;
	close(): Promise<void>;
}

/** Where ironic.conf expects it. */
const PORT = 9696;
const VERSION = { id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: `http://127.0.0.1:${PORT}/v2.0/` }] };

export async function startNeutron(): Promise<FakeNeutron> {
	const networkId = randomUUID();
	const subnetId = randomUUID();
	const ramdiskNetworkId = randomUUID();
	const ramdiskSubnetId = randomUUID();
	let hosts = 10;
	/** With an address on its network. */
	function newPort(members: Json): Json {
		const isRamdisk = members["network_id"] === ramdiskNetworkId;
		const [subnet_id, ip_address] = isRamdisk ? [ramdiskSubnetId, `10.7.0.${hosts}`] : [subnetId, `10.8.0.${hosts}`];
		hosts++;
		const port = {
			...{ id: randomUUID(), name: "", mac_address: `fa:16:3e:00:00:${hosts}`, device_id: "", device_owner: "" },
			...{
				fixed_ips: [{ subnet_id, ip_address }],
				security_groups: [],
				allowed_address_pairs: [],
				tags: [],
				status: "DOWN",
			},
			...{ "binding:vif_type": "unbound", "binding:vnic_type": "normal", "binding:host_id": "", "binding:profile": {} },
			...{ project_id: isRamdisk ? "ironic" : "tenant" },
			...members,
		};
		collections["ports"]?.push(port);
		bind(port);
		return port;
	}
	const collections: Record<string, Json[]> = {
		networks: [
			{ id: networkId, name: "lan", mtu: 9000, subnets: [subnetId], "provider:physical_network": "lan" },
			// Ironic does not attach VIFs before it finds the network that it would clean nodes on.
			{ id: ramdiskNetworkId, name: "provisioning", mtu: 1500, subnets: [], "provider:physical_network": "lan" },
		],
		subnets: [
			{
				id: subnetId,
				network_id: networkId,
				ip_version: 4,
				cidr: "10.8.0.0/24",
				gateway_ip: "10.8.0.1",
				enable_dhcp: false,
				...{ host_routes: [], dns_nameservers: [] },
			},
			{
				...{ id: ramdiskSubnetId, network_id: ramdiskNetworkId, ip_version: 4, cidr: "10.7.0.0/24" },
				...{ gateway_ip: "10.7.0.1", enable_dhcp: true, host_routes: [], dns_nameservers: [] },
			},
		],
		...{ ports: [], trunks: [], segments: [], agents: [], extensions: [], floatingips: [] },
	};
	const server = createServer(async (request, response) => {
		let text = "";
		for await (const chunk of request) text += chunk;
		const url = new URL(request.url ?? "/", "http://neutron");
		const [kind = "", id] = url.pathname
			.replace(/^\/v2\.0/, "")
			.split("/")
			.filter(Boolean);
		const send = (status: number, body?: unknown) =>
			response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
		if (url.pathname === "/") return send(200, { versions: [VERSION] });
		if (kind === "") return send(200, { resources: [] });
		const all = collections[kind] ?? [];
		const found = all.find((item) => item["id"] === id);
		const singular = kind.replace(/s$/, "");
		if (id !== undefined && found === undefined) {
			return send(404, { NeutronError: { type: "NotFound", message: "not found", detail: "" } });
		}
		if (found && request.method === "PUT") {
			const { port } = JSON.parse(text) as { port: Json };
			// A detached port gets an address of Neutron's again.
			Object.assign(found, port, port["mac_address"] === null && { mac_address: "fa:16:3e:00:00:02" });
			bind(found);
		}
		if (found && request.method === "DELETE") {
			all.splice(all.indexOf(found), 1);
			return send(204);
		}
		if (found) return send(200, { [singular]: found });
		if (request.method === "POST") return send(201, { port: newPort((JSON.parse(text) as { port: Json }).port) });
		const isWanted = (item: Json) =>
			["id", "name", "network_id", "mac_address", "device_id"].every((member) => {
				const wanted = url.searchParams.getAll(member);
				return wanted.length === 0 || wanted.includes(String(item[member]));
			});
		send(200, { [kind]: all.filter(isWanted) });
	});
	await new Promise<void>((resolve) => server.listen(PORT, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${PORT}`,
		addPort() {
			const port = newPort({ network_id: networkId });
			return { id: String(port["id"]), address: addressIn(port) };
		},
		addressOf: (id) => addressIn(collections["ports"]?.find((port) => port["id"] === id) ?? {}),
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

/** Ironic 39 (2026.2) waits until the ports of its ramdisk are bound. */
function bind(port: Json): void {
	const isBound = Boolean(port["binding:host_id"]);
	Object.assign(port, { status: isBound ? "ACTIVE" : "DOWN", "binding:vif_type": isBound ? "other" : "unbound" });
}

function addressIn(port: Json): string {
	const [fixedIp] = (port["fixed_ips"] ?? []) as Json[];
	return String(fixedIp?.["ip_address"]);
}
