import { describe, expect, it } from "vitest";
import { automatic, dns, document, ipv4 } from "../../test/check/documents.ts";
import { check } from "./check.ts";

/** The messages of a rule, with the pointers. */
function messagesOf(rule: string, of: unknown): string[] {
	return check(of).flatMap((finding) => (finding.rule === rule ? [`${finding.pointer}: ${finding.message}`] : []));
}

describe("name servers that a client does not read", () => {
	it("are all reported where the network's services override them, each once", () => {
		const own = { services: [dns()], dns_nameservers: ["10.0.0.53", "10.0.0.54", "10.0.0.55", "10.0.0.54"] };
		expect(messagesOf("dns-nameservers-overridden", document({ networks: [ipv4(own)] }))).toEqual([
			"/networks/0/dns_nameservers: the name server 10.0.0.54 is not in the network's services",
			"/networks/0/dns_nameservers: the name server 10.0.0.55 is not in the network's services",
		]);
	});

	it("are all reported where they are only on a network with DHCP or SLAAC, each once", () => {
		const servers = [dns(), dns("2001:db8::53"), dns("2001:db8::54"), dns("2001:db8::53")];
		const networks = [automatic("ipv6_slaac", { services: servers }), ipv4({ services: [dns()] })];
		expect(messagesOf("dhcp-dns-unread", document({ networks }))).toEqual([
			"/networks/0/services/1: the name server 2001:db8::53 is on no static network of the link",
			"/networks/0/services/2: the name server 2001:db8::54 is on no static network of the link",
		]);
	});
});

describe("a list of addresses in one of the document's services", () => {
	const of = document({ networks: [ipv4()], services: [{ type: "dns", address: ["192.0.2.53", "192.0.2.54"] }] });

	it("is read by cloud-init and by VyOS", () => {
		const texts = check(of, { clients: ["cloud-init", "vyos"] }).flatMap(({ rule }) => rule);
		expect(texts).not.toContain("service-address-invalid");
		expect(texts).not.toContain("service-address-missing");
		expect(texts).not.toContain("dns-missing");
	});

	it("makes others fail", () => {
		expect(check(of, { clients: ["talos"] }).map(({ rule }) => rule)).toContain("service-address-invalid");
	});

	it("has servers for the rules, each by its address", () => {
		const networks = [ipv4({ dns_nameservers: ["192.0.2.53"] })];
		expect(messagesOf("dns-in-services-alone", { ...of, networks })).toEqual([
			"/services/0: no network has the name server 192.0.2.54",
		]);
	});
});
