import { describe, expect, it } from "vitest";
import { automatic, bonded, dns, document, hostRoute, ipv4, ipv6, nic, without } from "../../test/check/documents.ts";
import { check } from "./check.ts";

/** The rules, with the pointers, whose findings say that glean stops. */
function stopping(of: unknown, renderer: string): string[] {
	return check(of, { clients: [`glean:${renderer}`] }).flatMap(({ rule, pointer, effects }) =>
		effects.some(({ outcome }) => outcome === "crash") ? [`${rule} ${pointer}`] : [],
	);
}

describe("the findings that glean stops for", () => {
	it("are not those at other places of the document", () => {
		const networks = [without(ipv4(), "netmask"), ipv4({ id: "network2", link: "tap9" })];
		expect(stopping(document({ networks }), "debian")).toEqual(["netmask-missing /networks/0"]);
		expect(stopping(document({ links: [null] }), "debian")).toEqual(["item-type /links/0"]);
		const services = [{ type: "dns" }];
		expect(stopping(document({ services, networks: [ipv4({ ip_address: "x" })] }), "redhat-keyfiles")).toEqual([
			"service-address-missing /services/0",
		]);
	});

	it("are not those of another member of the same network", () => {
		const network = { ...without(ipv4(), "netmask"), routes: [hostRoute({ gateway: "x" })] };
		expect(stopping(document({ networks: [network] }), "debian")).toEqual(["netmask-missing /networks/0"]);
	});

	it("are those of the network's link, if that is the reason", () => {
		expect(stopping(document({ links: [nic({ ethernet_mac_address: 5 })] }), "debian")).toEqual([
			"nic-mac-invalid /links/0/ethernet_mac_address",
		]);
		expect(stopping(bonded({}, {}), "debian")).toEqual([]);
		const odd = bonded();
		odd["links"] = [nic({ ethernet_mac_address: "x" }), ...(odd["links"] as unknown[]).slice(1)];
		expect(stopping(odd, "debian")).toEqual(["nic-mac-invalid /links/0/ethernet_mac_address"]);
		expect(stopping(document({ networks: [ipv6()] }), "redhat")).toEqual(["ipv6-without-ipv4 /links/0"]);
	});

	it("are those of the networks on the bond below, if their types are the reason", () => {
		const vlan = { id: "vlan0", type: "vlan", vlan_id: 7, vlan_link: "bond0", vlan_mac_address: "52:54:00:00:00:03" };
		const networks = [ipv6({ link: "bond0" }), ipv4({ link: "vlan0" })];
		const of = { ...bonded(), links: [...(bonded()["links"] as unknown[]), vlan], networks };
		expect(stopping(of, "gentoo")).toEqual(["network-type-unsupported /networks/0/type"]);
	});

	it("are not those of the link, if a value of the network is the reason", () => {
		const routes = [{ network: "192.168.0.0", netmask: "255.255.0.0", gateway: "10.0.0.1" }];
		const networks = [
			automatic("ipv4_dhcp", { routes, services: [dns()] }),
			automatic("ipv6_slaac", { id: "network2" }),
		];
		expect(stopping(document({ links: [nic({ type: null })], networks }), "redhat")).toEqual([
			"client-stops /networks/1",
		]);
	});
});
