/** @module-tag slow */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFacts } from "../../test/arbitrary-facts.ts";
import { assemble } from "../instance/assemble.ts";
import type { InstanceFacts, PortFacts, SubnetFacts } from "../instance/facts.ts";
import { NOVA_RELEASES, type NovaRelease } from "../instance/nova-release.ts";
import { novaNetworkData } from "./network-data-nova.ts";

/** `dhcp_server` and `enable_dhcp` as Nova's `_get_subnets_from_port` leaves them in a subnet's meta. */
function metaOf(subnet: SubnetFacts, facts: InstanceFacts, release: NovaRelease) {
	const served = facts.dhcpPorts.flatMap(({ fixed_ips }) => fixed_ips).find(({ subnet_id }) => subnet_id === subnet.id);
	const gateway = release === "zed" && subnet.enable_dhcp ? subnet.gateway_ip : null;
	return {
		dhcpServer: served?.ip_address ?? gateway,
		enableDhcp: release !== "zed" && subnet.enable_dhcp,
	};
}

/** The MTU and the entries' types of a port, written after nova/virt/netutils.py. */
function modelOf(port: PortFacts, facts: InstanceFacts, release: NovaRelease) {
	const subnets = facts.subnets
		.filter(({ id }) => port.fixed_ips.some(({ subnet_id }) => subnet_id === id))
		.toSorted((a, b) => (a.id < b.id ? -1 : 1))
		.map((subnet) => ({ subnet, meta: metaOf(subnet, facts, release) }));
	const network = facts.networks.find(({ id }) => id === port.network_id);
	const types = [4, 6].flatMap((version) => {
		const first = subnets.find(({ subnet }) => subnet.cidr.includes(":") === (version === 6));
		if (first === undefined) return [];
		const { subnet, meta } = first;
		if (subnet.ipv6_address_mode) return [`ipv6_${subnet.ipv6_address_mode}`];
		return [meta.dhcpServer !== null || meta.enableDhcp ? `ipv${version}_dhcp` : `ipv${version}`];
	});
	return { mtu: subnets.some(({ meta }) => meta.dhcpServer) ? null : network?.mtu || null, types };
}

describe("on generated servers", () => {
	it.each(NOVA_RELEASES)("MTUs and types are those of Nova %s", (release) => {
		fc.assert(
			fc.property(arbitraryFacts, (facts) => {
				const instance = assemble(facts);
				const data = novaNetworkData(instance, release);
				const { links = [], networks = [] } = "links" in data ? data : {};
				const seen = links.map((link) => ({
					mtu: link.mtu,
					types: networks.filter((entry) => entry.link === link.id).map(({ type }) => type),
				}));
				const order = instance.ports.map(({ id }) => facts.ports.find((port) => port.id === id) as PortFacts);
				const expected = order.filter(({ fixed_ips }) => fixed_ips.length > 0);
				expect(seen).toEqual(expected.map((port) => modelOf(port, facts, release)));
			}),
			{ numRuns: 500 },
		);
	});
});
