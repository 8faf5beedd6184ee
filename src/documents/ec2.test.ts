import { expect, test } from "vitest";
import { assemble } from "../instance/assemble.ts";
import { emptyFacts } from "../instance/empty-facts.ts";
import type { Server } from "../instance/instance.ts";
import { ec2MetaData } from "./ec2.ts";

const ADDRESSES = ["192.0.2.7", "192.0.2.5"];

test.each([
	[["192.0.2.5", "192.0.2.7"], "203.0.113.7"],
	[["192.0.2.7", "192.0.2.5"], "203.0.113.7"],
	[["192.0.2.5"], "203.0.113.5"],
	[[], ""],
])("with floating IPs of %j, public-ipv4 is %j, which belongs to local-ipv4 if that has one", (fixed, expected) => {
	const port = { id: "nic", name: "", network_id: "n", mac_address: "fa:16:3e:00:00:02", device_id: "i" };
	const lists = { security_groups: [], allowed_address_pairs: [], tags: [] };
	const subnet = { id: "s", name: "", network_id: "n", cidr: "192.0.2.0/24", gateway_ip: null, enable_dhcp: true };
	const instance = assemble({
		...emptyFacts("i"),
		server: { id: "i", name: "web-1", metadata: {}, addresses: {}, security_groups: [] },
		ports: [
			{
				...port,
				...lists,
				device_owner: "compute:nova",
				fixed_ips: ADDRESSES.map((ip_address) => ({ subnet_id: "s", ip_address })),
			},
		],
		networks: [{ id: "n", name: "", tags: [] }],
		subnets: [{ ...subnet, dns_nameservers: [], host_routes: [], tags: [] }],
		floatingIps: fixed.map((address) => ({
			id: address,
			port_id: "nic",
			fixed_ip_address: address,
			floating_ip_address: address.replace("192.0.2", "203.0.113"),
			floating_network_id: "outside",
		})),
	});
	const { "local-ipv4": local, "public-ipv4": found } = ec2MetaData(instance, instance.server as Server, "2009-04-04", {
		hostnameDomain: "",
		profile: "nova",
	});
	expect([local, found]).toEqual(["192.0.2.7", expected]);
});
