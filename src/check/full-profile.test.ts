import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFacts } from "../../test/arbitrary-facts.ts";
import { recordedCases } from "../../test/recorded.ts";
import { type NetworkDataOptions, networkData } from "../documents/network-data-full.ts";
import { assemble } from "../instance/assemble.ts";
import type { InstanceFacts } from "../instance/facts.ts";
import { check } from "./check.ts";

/**
 * The warnings that the full document can cause, and why no other document would do better. Everything else that the check
 * condemns is a fault of the document, and so is every error.
 */
const ACCEPTED: Readonly<Record<string, string>> = {
	// What Neutron or Ironic says, and no document can change.
	"warning bond-mac-foreign": "the port group's MAC address is none of its NICs'; the network answers no other address",
	"warning mtu-below-ipv6": "a subport's network has IPv6, and the parent's an MTU too small for it",
	"warning gateway-off-link":
		"a gateway or a host route's next hop is outside the subnets, and some clients cannot reach it in any form",
	"warning default-route-in-gateway-alone":
		"the gateway is outside its subnet: in routes it makes more clients fail, in gateway some do not read it",
	"warning default-route-on-two-links":
		"it is configured: by host routes to everywhere, or by the setting defaultRoutes",
	"warning route-repeated": "two subnets have a host route to the same destination",
	"warning subnets-overlap": "two ports are on one subnet, or on networks whose subnets overlap",
	"warning address-repeated": "two ports have the same address, on networks whose subnets overlap",
	"warning nic-mac-repeated": "two ports have the same MAC address, by which every client finds its NICs",
	"warning dns-family-unread":
		"the subnets have servers of one family only; cloud-init 25.2 and 25.3 write an empty option for ifupdown",
	"warning dns-without-default-route":
		"the guest's default route is on another link, and the network has no dns_domain, which Neutron says",
	"warning dns-out-of-reach": "the subnets have name servers of the other family only",
	"warning dhcp-on-two-links": "two ports are on subnets with DHCP or SLAAC and a gateway",
	"warning vlan-mac-own": "the subport's MAC address is Neutron's; the remedy is in Neutron",
	"warning mtu-unread":
		"the network's MTU differs from what cloud-init with NetworkManager leaves on a bond or VLAN, and others on a NIC",
	"warning link-without-network":
		"a trunk's parent or a port has no address; SLAAC alone turns NetworkManager's DHCP off, and other clients then wait for it",
	// What a client cannot do, whatever the document says.
	"warning bond-unsupported": "the client makes no bonds, or not with all options",
	"warning bond-arp-monitoring": "Ironic asks for it; cloud-init passes it on to netplan under a wrong name",
	"warning bond-broadcast": "Windows has no such mode",
	"warning vlan-mac-refused": "glean on Red Hat's kin asks for a VLAN that has the subport's address already",
	"warning vlan-unsupported": "the client makes no VLANs",
	"warning vlan-on-nic": "Windows makes VLANs only on bonds",
	"warning virtual-link-unrendered": "cloud-init before 26.1 with systemd-networkd makes neither bonds nor VLANs",
	"warning link-unconfigured": "the client configures none of the subnet's address modes",
	"warning network-type-unsupported": "the client does not support the subnet's address mode",
	"warning ipv6-without-ipv4": "glean fails on a port with IPv6 only",
	"warning dhcp-beside-static": "a port has several addresses on a subnet with DHCP; VyOS has either",
	"warning ipv6-gateway": "as default-route-in-gateway-alone, of IPv6: VyOS takes the gateway for IPv4's",
	"warning ipv6-route-mask":
		"VyOS before April 2026 reads IPv6 masks only as numbers of bits, which glean does not read",
	"warning ipv6-routes-unread": "nuageinit reads no IPv6 routes; in gateway alone others would lose the route",
	// What one client needs and another does not bear.
	"warning bond-miimon-text": "as bond-miimon-number, with the other value of the setting",
	"warning bond-miimon-number":
		"Talos reads text only, cloud-init's schema since 24.2 demands a number; a setting chooses",
	"warning bond-member-macs": "cloud-init 23.1 to 24.1 gives all members the bond's address, which others need",
	"warning bond-lacp-rate-unread": "no spelling of it is read by NetworkManager before 24.4 and sysconfig since 24.2",
};

const anyOptions: fc.Arbitrary<NetworkDataOptions> = fc.record({
	trunks: fc.constantFrom(true, true, false),
	defaultRoutes: fc.constantFrom("first", "first", "every"),
	// Without aliases, the operator gives up older clients' bonds.
	bonds: fc.record({ miimon: fc.constantFrom("number", "number", "text"), aliases: fc.constant(true) }),
});

/** The errors and warnings of the full document. */
function faultsOf(facts: InstanceFacts, options: NetworkDataOptions = {}): string[] {
	const document = networkData(assemble(facts), options);
	const effects = (document ? check(document) : []).flatMap(({ rule, effects: all }) =>
		all.map(({ severity }) => `${severity} ${rule}`),
	);
	return [...new Set(effects)].filter((fault) => !fault.startsWith("info "));
}

describe("the full profile", () => {
	it("breaks no client that another document would not break, whatever the facts", {
		tags: ["slow"],
		timeout: 120_000,
	}, () => {
		const seen = new Set<string>();
		const property = fc.property(arbitraryFacts, anyOptions, (facts, options) => {
			const faults = faultsOf(facts, options);
			for (const fault of faults) seen.add(fault);
			expect(faults.filter((fault) => ACCEPTED[fault] === undefined)).toEqual([]);
		});
		fc.assert(property, { numRuns: 200 });
		// Always the same facts, among which every named warning is.
		fc.assert(property, { numRuns: 600, seed: 1 });
		expect(Object.keys(ACCEPTED).filter((fault) => !seen.has(fault))).toEqual([]);
	});

	it.each(recordedCases())("has no error for the recorded instance $name", ({ facts }) => {
		const faults = faultsOf(facts);
		expect(faults.filter((fault) => fault.startsWith("error ") || ACCEPTED[fault] === undefined)).toEqual([]);
	});
});
