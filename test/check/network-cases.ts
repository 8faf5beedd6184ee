import type { Case } from "./cases.ts";
import { automatic, dns, document, ipv4, ipv6, networks, nic, twoNics, without } from "./documents.ts";

/** One static network, changed. */
const one = (change: Record<string, unknown>) => networks(ipv4(change));
const services = (...list: unknown[]) => document({ services: list });

export const networkCases: readonly Case[] = [
	{ rule: "network-id-missing", at: "/networks/0", bad: networks(without(ipv4(), "id")), good: one({ id: "a" }) },
	{ rule: "network-id-missing", at: "/networks/0/id", bad: one({ id: "" }), good: one({ id: "a" }) },
	{ rule: "network-id-missing", at: "/networks/0/id", bad: one({ id: 1 }), good: one({ id: "1" }) },
	{ rule: "network-id-repeated", at: "/networks/1/id", bad: twoNics({}, { id: "network0" }), good: twoNics() },
	{ rule: "network-link-missing", at: "/networks/0", bad: networks(without(ipv4(), "link")), good: networks(ipv4()) },
	{ rule: "network-link-unknown", at: "/networks/0/link", bad: one({ link: "tap9" }), good: one({ link: "tap0" }) },
	{ rule: "network-type-missing", at: "/networks/0", bad: networks(without(ipv4(), "type")), good: networks(ipv4()) },
	{ rule: "network-type-missing", at: "/networks/0/type", bad: one({ type: null }), good: one({ type: "ipv4" }) },
	{ rule: "network-type-missing", at: "/networks/0/type", bad: one({ type: 4 }), good: one({ type: "ipv4" }) },
	{
		rule: "network-type-unknown",
		at: "/networks/0/type",
		bad: networks(automatic("ipv6_dhcpv6_stateful")),
		good: networks(automatic("ipv6_dhcpv6-stateful")),
	},
	{ rule: "network-type-unknown", at: "/networks/0/type", bad: one({ type: "static" }), good: one({ type: "ipv4" }) },
	{
		rule: "network-type-unsupported",
		at: "/networks/0/type",
		bad: networks(automatic("ipv6_slaac")),
		good: networks(automatic("ipv4_dhcp")),
	},
	{
		rule: "link-unconfigured",
		at: "/links/0",
		bad: networks(automatic("ipv6_slaac")),
		good: networks(automatic("ipv6_slaac"), automatic("ipv4_dhcp", { id: "network2" })),
	},
	{
		rule: "service-not-dns",
		at: "/services/0/type",
		bad: services(dns("10.0.0.9", { type: "ntp" })),
		good: services(dns()),
	},
	{ rule: "service-type-missing", at: "/services/0", bad: services(without(dns(), "type")), good: services(dns()) },
	{
		rule: "service-address-missing",
		at: "/services/0",
		bad: services(without(dns(), "address")),
		good: services(dns("10.0.0.9", { type: "ntp" }), dns()),
	},
	{
		rule: "service-address-missing",
		at: "/services/0/address",
		bad: services({ type: "dns", address: null }),
		good: services(dns()),
	},
	{
		rule: "service-address-invalid",
		at: "/services/0/address",
		bad: services(dns("dns.example")),
		good: services(dns()),
	},
	{
		rule: "service-address-invalid",
		at: "/networks/0/services/0/address",
		bad: one({ services: [dns("dns.example")] }),
		good: one({ services: [dns()] }),
	},
	{
		rule: "network-services-type",
		at: "/networks/0/services",
		bad: one({ services: null }),
		good: one({ services: [] }),
	},
	{
		rule: "network-service-type",
		at: "/networks/0/services/0",
		bad: one({ services: [null] }),
		good: one({ services: [{ type: "ntp" }] }),
	},
	{
		rule: "network-service-type",
		at: "/networks/0/services/0",
		bad: one({ services: [{ type: "dns" }] }),
		good: one({ services: [dns()] }),
	},
	{
		rule: "dns-search-type",
		at: "/networks/0/dns_search",
		bad: one({ dns_search: 5 }),
		good: one({ dns_search: ["a.example"] }),
	},
	{
		rule: "dns-on-networks-alone",
		at: "/networks/0/services/0",
		bad: one({ services: [dns("10.0.0.54")] }),
		good: one({ services: [dns("10.0.0.53")] }),
	},
	{
		rule: "dns-in-services-alone",
		at: "/services/0",
		bad: one({ services: [dns("10.0.0.54")] }),
		good: one({ services: [dns("10.0.0.53")] }),
	},
	{
		rule: "dns-out-of-reach",
		at: "",
		bad: document({ networks: [ipv4()], services: [dns("2001:db8::53")] }),
		good: document({ networks: [ipv4(), ipv6()], services: [dns("2001:db8::53")] }),
	},
	{
		rule: "dns-family-unread",
		at: "/services/0",
		bad: document({ networks: [ipv4(), ipv6()], services: [dns("2001:db8::53")] }),
		good: document(),
	},
	{
		rule: "dns-missing",
		at: "",
		bad: document({ services: [], networks: [ipv4()] }),
		good: document({ services: [], networks: [ipv4(), automatic("ipv4_dhcp")] }),
	},
	{
		rule: "dns-family-missing",
		at: "",
		bad: document({ networks: [ipv4(), ipv6()] }),
		good: document({ networks: [ipv4(), ipv6()], services: [dns(), dns("2001:db8::53")] }),
	},
	{
		rule: "dns-search-unread",
		at: "/networks/0/dns_search",
		bad: one({ dns_search: ["a.example"] }),
		good: document({ links: [nic()], networks: [ipv4({ dns_search: [] })] }),
	},
];
