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
