/** Makes the plan's networks, and ports on them; what is there already, by name and project, stays. */
import { type Api, ensure, type Json } from "./api.ts";
import type { NetworkPlan, NicPlan } from "./plan.ts";

/** Networks and subnets by name, of one project. */
export type Wiring = Map<string, Json>;

export async function makeNetwork(api: Api, plan: NetworkPlan, wiring: Wiring): Promise<void> {
	const network = await ensure(api, "networks", plan.name, plan.more ?? {});
	wiring.set(plan.name, network);
	for (const { name, cidr, more } of plan.subnets) {
		const subnet = await ensure(api, "subnets", name, { network_id: network.id, cidr, ip_version: 4, ...more });
		wiring.set(name, subnet);
	}
	if (plan.dhcpPort) {
		await ensure(api, "ports", `${plan.name}-dhcp`, {
			network_id: network.id,
			device_owner: "network:dhcp",
			device_id: `dhcp-${network.id}`,
			fixed_ips: [{ subnet_id: wiring.get(plan.dhcpPort.subnet).id, ip_address: plan.dhcpPort.address }],
		});
	}
}

/** A port as the plan says it, a trunk's subports and a floating IP included. */
export async function makePort(api: Api, name: string, nic: NicPlan, wiring: Wiring): Promise<Json> {
	const port = await ensure(api, "ports", name, {
		network_id: wiring.get(nic.network).id,
		...(nic.addresses && {
			fixed_ips: nic.addresses.map(([subnet, ip_address]) => ({
				subnet_id: wiring.get(subnet).id,
				...(ip_address && { ip_address }),
			})),
		}),
		...nic.more,
	});
	if (nic.subports) {
		const sub_ports = [];
		for (const { vlan, nic: child } of nic.subports) {
			const subport = await makePort(api, `${name}-vlan${vlan}`, child, wiring);
			sub_ports.push({ port_id: subport.id, segmentation_type: "vlan", segmentation_id: vlan });
		}
		await ensure(api, "trunks", `${name}-trunk`, { port_id: port.id, sub_ports });
	}
	if (nic.floatingIp) await makeFloatingIp(api, port);
	return port;
}

async function makeFloatingIp(api: Api, port: Json): Promise<void> {
	const outside = await ensureOutside(api, port);
	const { floatingips } = await api.get("network", `/floatingips?port_id=${port.id}`);
	if (floatingips.length > 0) return;
	await api.post("network", "/floatingips", { floatingip: { floating_network_id: outside, port_id: port.id } });
}

/** Puts the port's subnet behind a router to the outside. Returns the id of the network outside. */
export async function ensureOutside(api: Api, port: Json): Promise<string> {
	const outside = await ensure(api, "networks", "outside", {
		"router:external": true,
		"provider:network_type": "flat",
		"provider:physical_network": "outside",
	});
	await ensure(api, "subnets", "outside-v4", {
		network_id: outside.id,
		cidr: "203.0.113.0/24",
		ip_version: 4,
		enable_dhcp: false,
	});
	const gate = await ensure(api, "routers", "gate", { external_gateway_info: { network_id: outside.id } });
	const { subnet_id } = port.fixed_ips[0];
	const { ports } = await api.get("network", `/ports?device_id=${gate.id}&fixed_ips=subnet_id%3D${subnet_id}`);
	if (ports.length === 0) await api.put("network", `/routers/${gate.id}/add_router_interface`, { subnet_id });
	return outside.id;
}
