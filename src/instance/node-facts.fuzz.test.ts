import fc from "fast-check";
import { expect, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import { assemble } from "./assemble.ts";
import { factsOfNode } from "./node-facts.ts";

const NODE = "a0000000-0000-4000-8000-000000000001";
const macs = ["52:54:00:00:01:01", "52:54:00:00:01:02", "52:54:00:00:01:03"];
const ids = fc.constantFrom("a", "b", "c", "d");
const odd = fc.oneof({ weight: 1, arbitrary: fc.jsonValue() }, { weight: 3, arbitrary: fc.constant(undefined) });
const orOdd = <T>(arbitrary: fc.Arbitrary<T>) =>
	fc.oneof({ weight: 20, arbitrary: arbitrary as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: fc.jsonValue() });

const link = fc.record(
	{
		id: orOdd(ids),
		type: orOdd(fc.constantFrom("phy", "bond", "vlan", "vif")),
		ethernet_mac_address: orOdd(fc.constantFrom(...macs, "02:00:00:00:00:99")),
		vlan_mac_address: orOdd(fc.constantFrom(...macs)),
		mtu: orOdd(fc.constantFrom(1500, 9000, null)),
		bond_links: orOdd(fc.array(ids)),
		bond_mode: orOdd(fc.constantFrom("802.3ad", "802.1ad", "active-backup")),
		vlan_link: orOdd(ids),
		vlan_id: orOdd(fc.integer({ min: 0, max: 5000 })),
	},
	{ requiredKeys: ["id", "type", "ethernet_mac_address"] },
);
const route = fc.record({
	network: orOdd(fc.constantFrom("0.0.0.0", "::", "::/0", "10.0.0.0")),
	netmask: orOdd(fc.constantFrom("0.0.0.0", "::", "255.0.0.0")),
	gateway: orOdd(fc.constantFrom("10.0.0.1", "fe80::1")),
});
const network = fc.record(
	{
		link: orOdd(ids),
		type: orOdd(fc.constantFrom("ipv4", "ipv6", "ipv4_dhcp", "ipv6_dhcp", "ipv6_slaac", "manual")),
		ip_address: orOdd(fc.constantFrom("10.0.0.5", "10.0.0.6/8", "2001:db8::5", "2001:db8::6/64")),
		netmask: orOdd(fc.constantFrom("255.0.0.0", "ffff:ffff:ffff:ffff::", "64", "255.0.255.0")),
		routes: orOdd(fc.array(route, { maxLength: 3 })),
		services: orOdd(fc.array(fc.record({ type: fc.constant("dns"), address: orOdd(fc.ipV4()) }), { maxLength: 2 })),
	},
	{ requiredKeys: ["link", "type"] },
);
const networkData = fc.record({
	links: orOdd(fc.array(link, { maxLength: 6 })),
	networks: orOdd(fc.array(network, { maxLength: 6 })),
	services: odd,
});
const switchport = fc.record({
	mode: orOdd(fc.constantFrom("access", "trunk", "hybrid")),
	native_vlan: orOdd(fc.integer({ min: 1, max: 4094 })),
	allowed_vlans: orOdd(fc.array(fc.constantFrom<unknown>(1, 7, 4094, 5000, "10-12", "12-10", "0-9999", -1))),
	mtu: odd,
});
const lagName = fc.constantFrom("po7", "Port-Channel8", 7);
const portchannel = fc.record({ name: orOdd(lagName), aggregation_mode: orOdd(fc.constantFrom("lacp", "static")) });
const extra = fc.record(
	{
		guestwire: orOdd(fc.record({ network_data: orOdd(networkData) })),
		...{ switchport, lag: orOdd(switchport), vif_port_id: odd },
		portchannel: fc.oneof(orOdd(lagName), orOdd(portchannel)),
	},
	{ requiredKeys: [] },
);
const localLink = fc.record({ port_id: orOdd(lagName) }, { requiredKeys: [] });

test("whatever operators write, a node gives an instance or one error about it", () => {
	const isGrouped = fc.boolean();
	fc.assert(
		fc.property(
			...([
				orOdd(networkData),
				extra,
				extra,
				localLink,
				isGrouped,
				fc.dictionary(fc.string(), fc.jsonValue()),
			] as const),
			(...given) => {
				const [data, ofNode, ofPort, link, grouped, properties] = given;
				const node = { uuid: NODE, instance_uuid: null, network_data: data, extra: ofNode };
				const ports = macs.slice(0, 2).map((address, at) => ({
					...{ uuid: `port-${at}`, address, node_uuid: NODE, portgroup_uuid: grouped ? "group" : null, extra: ofPort },
					local_link_connection: link,
				}));
				const group = { uuid: "group", address: null, node_uuid: NODE, mode: "802.3ad", properties, extra: ofPort };
				try {
					const facts = factsOfNode(node, { ports, portGroups: grouped ? [group] : [] });
					const { ports: nics, nicAddresses } = assemble(facts);
					expect(nicAddresses).toEqual(expect.arrayContaining(macs.slice(0, 2)));
					// Nothing is a link twice.
					const all = nics.flatMap((nic) => [nic, ...(nic.trunk?.subports ?? []).map(({ port }) => port)]);
					expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
				} catch (error) {
					if (!(error instanceof GuestwireError)) throw error;
					expect(error.code).toBe("cloud-answer");
					expect(error.message).not.toContain("\n");
				}
			},
		),
		{ numRuns: 3000 },
	);
});
