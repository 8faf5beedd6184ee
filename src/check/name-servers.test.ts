import { describe, expect, it } from "vitest";
import { automatic, defaultRoute, dns, document, ipv4, ipv6, twoNics } from "../../test/check/documents.ts";
import { check } from "./check.ts";
import { describeScopes } from "./scopes.ts";

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

describe("a name server of a link without a default route, with NetworkManager", () => {
	const rule = "dns-without-default-route";
	const routed = { services: [dns()], routes: [defaultRoute()] };
	const scopesOf = (
		second: Record<string, unknown>,
		first: Record<string, unknown> = { ...routed, dns_nameservers: ["10.0.0.53"] },
	) =>
		check(twoNics(first, second)).flatMap((finding) =>
			finding.rule === rule
				? finding.effects.map(({ client, severity, scopes }) => `${client} ${severity} ${describeScopes(scopes)}`)
				: [],
		);

	it("is lost since cloud-init reads it", () => {
		const plain = ["10.1.0.53"];
		expect(scopesOf({ services: [dns("10.1.0.53")] })).toEqual([
			"cloud-init warning 23.2 and later with network-manager",
		]);
		expect(scopesOf({ dns_nameservers: plain })).toEqual(["cloud-init warning with network-manager"]);
		expect(scopesOf({ services: [dns("10.1.0.53")], dns_nameservers: plain })).toEqual([
			"cloud-init warning with network-manager",
		]);
	});

	it("is lost beside the document's own servers since cloud-init gives them to every link without servers", () => {
		const first = { routes: [defaultRoute()] };
		expect(scopesOf({ dns_nameservers: ["10.1.0.53"] }, first)).toEqual([
			"cloud-init warning 24.1 and later with network-manager",
		]);
	});

	it("is asked if the link may get a route, if no link has one, or on a link that has one", () => {
		const second = { services: [dns("10.1.0.53")] };
		expect(messagesOf(rule, twoNics(routed, second))).toHaveLength(1);
		expect(messagesOf(rule, twoNics(routed, { ...second, type: "ipv4_dhcp" }))).toEqual([]);
		expect(messagesOf(rule, twoNics({ services: [dns()] }, second))).toEqual([]);
		expect(messagesOf(rule, { ...twoNics({ routes: [defaultRoute()] }, second), services: [] })).toEqual([]);
		expect(messagesOf(rule, twoNics(routed, { services: [dns()] }))).toEqual([]);
		expect(messagesOf(rule, twoNics({ ...routed, services: [dns(), dns("10.1.0.53")] }, second))).toEqual([]);
	});

	it("counts each family by itself", () => {
		const servers = { services: [dns("2001:db8::53")] };
		const networks = (change: Record<string, unknown>) => [ipv4(routed), ipv6({ ...servers, ...change })];
		expect(messagesOf(rule, document({ networks: networks({}) }))).toEqual([
			"/networks/1/services/0: the link of the name server 2001:db8::53 has no default route, and another link has one",
		]);
		expect(messagesOf(rule, document({ networks: networks({ routes: [defaultRoute("2001:db8::1")] }) }))).toEqual([]);
		expect(messagesOf(rule, document({ networks: [ipv4({ ...routed, ...servers })] }))).toEqual([]);
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
