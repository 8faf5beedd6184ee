import { describe, expect, it } from "vitest";
import { automatic, defaultRoute, document, ipv4, ipv6 } from "../../test/check/documents.ts";
import { check } from "./check.ts";

const networks = (...list: unknown[]) => document({ networks: list });

/** The outcomes of a rule for a document with one client. */
function outcomesOf(rule: string, client: string, of: unknown): string[] {
	return check(of, { clients: [client] }).flatMap((finding) =>
		finding.rule === rule ? finding.effects.map(({ outcome }) => outcome) : [],
	);
}

describe("an address that is not text", () => {
	const outcome = (value: unknown) => outcomesOf("address-invalid", "talos", networks(ipv4({ ip_address: value })));

	it("is dropped by Talos, which fails on a text that is no address", () => {
		expect(outcome(["10.0.0.5", "10.0.0.6"])).toEqual(["lost"]);
		expect(outcome(7)).toEqual(["lost"]);
		expect(outcome("10.0.0.256")).toEqual(["crash"]);
		const dynamic = networks(automatic("ipv4_dhcp", { ip_address: 7 }));
		expect(outcomesOf("address-invalid", "talos", dynamic)).toEqual([]);
	});

	it("is so as a network's gateway, too", () => {
		const gateway = (value: unknown) => outcomesOf("gateway-invalid", "talos", networks(ipv4({ gateway: value })));
		expect(gateway(["10.0.0.1"])).toEqual(["lost"]);
		expect(gateway("router")).toEqual(["crash"]);
	});
});

describe("a default route by a gateway of the other family", () => {
	const mixed = [
		networks(ipv4({ routes: [defaultRoute("10.0.0.1", { gateway: "fe80::1" })] })),
		networks(ipv6({ routes: [defaultRoute("fe80::1", { gateway: "10.0.0.1" })] })),
	];

	it.each(["talos", "vyos", "afterburn"])("is lost with %s", (client) => {
		expect(mixed.map((of) => outcomesOf("route-gateway-family", client, of))).toEqual([["lost"], ["lost"]]);
	});
});
