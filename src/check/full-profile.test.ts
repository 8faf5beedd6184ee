import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryFacts } from "../../test/arbitrary-facts.ts";
import { recordedCases } from "../../test/recorded.ts";
import { networkData } from "../documents/network-data-full.ts";
import { assemble } from "../instance/assemble.ts";
import type { InstanceFacts } from "../instance/facts.ts";
import { check } from "./check.ts";

/** The errors that the full document can have, and why. */
const ACCEPTED_ERRORS: Readonly<Record<string, string>> = {
	"bond-mac-foreign": "Ironic's port group has a MAC address that none of its NICs has",
	"mtu-below-ipv6": "the Neutron network has IPv6 and an MTU below IPv6's minimum",
	"mtu-above-parent": "the subport's network has a larger MTU than the parent port's",
	"bond-id-long": "a bond's id is its Neutron port's: tap and eleven characters",
	"vlan-name-long": "a bond's id is its Neutron port's: tap and eleven characters",
	"bond-mode-unread": "cloud-init before 24.2 with NetworkManager needs another spelling",
	"gateway-off-link": "Neutron allows a gateway outside the subnet",
};

/** The warnings that the document can have, and why it has them nevertheless. */
const ACCEPTED_WARNINGS: Readonly<Record<string, string>> = {
	"bond-miimon-text": "Talos reads only text; the setting for it is being added",
	"bond-miimon-number": "cloud-init's schema expects a number, Talos text",
	"bond-monitoring-missing": "the port group has no miimon",
	"bond-mode-unread": "cloud-init before 24.2 with NetworkManager needs another spelling",
	"bond-hash-policy-unread": "some versions of cloud-init need another spelling",
	"bond-lacp-rate-unread": "some versions of cloud-init need another spelling",
	"bond-member-macs": "cloud-init before 24.2 gives the members the bond's address; others need that address",
	"bond-unsupported": "the client has no bonds",
	"bond-miimon-unread": "cloud-init 24.2 with NetworkManager does not read it",
	"vlan-mac-own": "a subport's MAC address is Neutron's; the fix is in Neutron",
	"vlan-unsupported": "the client has no VLANs",
	"vlan-on-nic": "Windows has VLANs only on bonds",
	"virtual-link-unrendered": "cloud-init before 26.1 creates no virtual links with systemd-networkd",
	"mtu-above-parent": "the subport's network has a larger MTU than the parent port's",
	"mtu-unread": "cloud-init with NetworkManager sets no MTU on VLANs",
	"network-type-unsupported": "the subnet's address mode is Neutron's",
	"link-unconfigured": "the subnet's address mode is Neutron's",
	"ipv6-without-ipv4": "the port has only IPv6 addresses",
	"ipv6-routes-unread": "nuageinit reads no IPv6 routes",
	"gateway-not-last": "the routes of a subnet are on the first of its addresses",
	"static6-stops-slaac": "the port has static and automatic IPv6 addresses",
	"subnets-overlap": "Neutron allows overlapping subnets",
	"address-repeated": "Neutron allows the same address on two networks",
	"address-unusable": "Neutron allows the address",
	"default-route-on-two-links": "two subnets have a host route to 0.0.0.0/0",
	"default-route-repeated": "a subnet has two host routes to 0.0.0.0/0",
	"dhcp-on-two-links": "two ports are on subnets with DHCP",
	"route-repeated": "two subnets have a host route to the same destination",
	"dns-not-on-link": "cloud-init before 23.2 with NetworkManager needs dns_nameservers",
	"dns-out-of-reach": "the subnets name servers of the other family",
};

/** Ids of the rules that the full document breaks, by severity. */
function brokenRules(facts: InstanceFacts): { errors: string[]; warnings: string[] } {
	const document = networkData(assemble(facts), { trunks: true, defaultRoutes: "first" });
	const findings = document ? check(document) : [];
	const rulesWith = (severity: string) =>
		findings.filter((one) => one.effects.some((effect) => effect.severity === severity)).map(({ rule }) => rule);
	return { errors: rulesWith("error"), warnings: rulesWith("warning") };
}

function expectOnlyKnown(facts: InstanceFacts): void {
	const { errors, warnings } = brokenRules(facts);
	expect(errors.filter((rule) => !ACCEPTED_ERRORS[rule])).toEqual([]);
	expect(warnings.filter((rule) => !ACCEPTED_WARNINGS[rule])).toEqual([]);
}

describe("the full profile", () => {
	it("breaks no client that another document would not break, whatever the facts", {
		tags: ["slow"],
		timeout: 120_000,
	}, () => {
		fc.assert(fc.property(arbitraryFacts, expectOnlyKnown), { numRuns: 300 });
	});

	it.each(recordedCases())("has no error for the recorded instance $name", ({ facts }) => {
		expect(brokenRules(facts).errors).toEqual([]);
		expectOnlyKnown(facts);
	});
});
