/** The part of Neutron that Ironic's flat network interface and Guestwire ask about ports, for attaching VIFs. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Json } from "./api.ts";

export interface FakeNeutron {
	readonly url: string;
	addPort(): { readonly id: string; readonly address: string };
	close(): Promise<void>;
}

/** Where ironic.conf expects it. */
const PORT = 9696;
const VERSION = { id: "v2.0", status: "CURRENT", links: [{ rel: "self", href: `http://127.0.0.1:${PORT}/v2.0/` }] };

export async function startNeutron(): Promise<FakeNeutron> {
	const networkId = randomUUID();
	const subnetId = randomUUID();
	const collections: Record<string, Json[]> = {
		networks: [
			{ id: networkId, name: "lan", mtu: 9000, subnets: [subnetId], "provider:physical_network": "lan" },
			// Ironic does not attach VIFs before it finds the network that it would clean nodes on.
			{ id: randomUUID(), name: "provisioning", mtu: 1500, subnets: [], "provider:physical_network": "lan" },
		],
		subnets: [
			{
				id: subnetId,
				network_id: networkId,
				ip_version: 4,
				cidr: "10.8.0.0/24",
				gateway_ip: "10.8.0.1",
				enable_dhcp: false,
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
		}
		if (found) return send(200, { [singular]: found });
		const isWanted = (item: Json) =>
			["id", "name"].every((member) => {
				const wanted = url.searchParams.getAll(member);
				return wanted.length === 0 || wanted.includes(String(item[member]));
			});
		send(200, { [kind]: all.filter(isWanted) });
	});
	await new Promise<void>((resolve) => server.listen(PORT, "127.0.0.1", resolve));
	return {
		url: `http://127.0.0.1:${PORT}`,
		addPort() {
			const [id, address] = [randomUUID(), "10.8.0.7"];
			collections["ports"]?.push({
				...{ id, name: "", network_id: networkId, mac_address: "fa:16:3e:00:00:01", device_id: "", device_owner: "" },
				...{ fixed_ips: [{ subnet_id: subnetId, ip_address: address }], security_groups: [], tags: [], status: "DOWN" },
				...{
					"binding:vif_type": "unbound",
					"binding:vnic_type": "normal",
					"binding:host_id": "",
					"binding:profile": {},
				},
			});
			return { id, address };
		},
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}
