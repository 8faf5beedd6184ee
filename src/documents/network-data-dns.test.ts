/** Name servers and search domains of profile `full` that a guest can use. */
import { describe, expect, it } from "vitest";
import { recordedCase } from "../../test/recorded.ts";
import { assemble } from "../instance/assemble.ts";
import type { InstanceFacts, PortFacts } from "../instance/facts.ts";
import { networkData } from "./network-data-full.ts";
import { novaNetworkData } from "./network-data-nova.ts";

const [facts, port] = withOnePort();

function withOnePort(): [InstanceFacts, PortFacts] {
	const recorded = recordedCase("n-dns").facts;
	const [first] = recorded.ports;
	if (first === undefined) throw new Error("no port");
	return [recorded, first];
}

/** The case's facts with other name servers in all of its subnets. */
const withServers = (dns_nameservers: string[]): InstanceFacts => ({
	...facts,
	subnets: facts.subnets.map((subnet) => ({ ...subnet, dns_nameservers })),
});

/** The case with a NIC for each DNS domain. */
function searchOf(domains: readonly string[]): string[][] {
	const ports = domains.map((dns_domain, n) => ({
		...port,
		...{ id: `0000000${n}-0000-4000-8000-000000000000`, mac_address: `fa:16:3e:00:00:0${n}`, dns_domain },
	}));
	const { networks = [] } = networkData(assemble({ ...facts, ports })) ?? {};
	return networks.map(({ dns_search = [] }) => dns_search);
}

describe("name servers", () => {
	// doc/source/admin/config-dns-res.rst of Neutron, "Case 2c": no DNS resolver is announced.
	it.each([["0.0.0.0"], ["::"], ["224.0.0.251"], ["255.255.255.255"], ["ff02::fb"]])("are none for %s", (address) => {
		const data = networkData(assemble(withServers([address])));
		expect(data?.services).toEqual([]);
		for (const network of data?.networks ?? []) {
			expect(network.services).toEqual([]);
			expect(network).not.toHaveProperty("dns_nameservers");
		}
	});

	it("beside such an address stay", () => {
		const data = networkData(assemble(withServers(["0.0.0.0", "9.9.9.9"])));
		expect(data?.services).toEqual([{ type: "dns", address: "9.9.9.9" }]);
	});

	it("are in profile nova as Nova has them", () => {
		expect(novaNetworkData(assemble(withServers(["0.0.0.0"])), "zed")).toMatchObject({
			services: [{ type: "dns", address: "0.0.0.0" }],
		});
	});
});

describe("search domains", () => {
	const domains = [..."abcdefg"].map((letter) => `${letter}.example`);

	it("are at most six for the guest: cloud-init with sysconfig fails on more", () => {
		expect(searchOf(domains.toSpliced(1, 0, "a.example"))).toEqual([
			...[["a.example"], ["a.example"], ["b.example"], ["c.example"], ["d.example"], ["e.example"], ["f.example"]],
			[],
		]);
	});

	it("have at most 256 characters together, with the spaces between them", () => {
		const long = (letter: string, length: number) => `${letter.repeat(50)}.${letter.repeat(length - 51)}`;
		const [a, b, fits, isTooLong] = [long("a", 100), long("b", 100), long("c", 54), long("c", 55)];
		expect(searchOf([a, b, fits])).toEqual([[a], [b], [fits]]);
		expect(searchOf([a, b, isTooLong, "d.example"])).toEqual([[a], [b], [], ["d.example"]]);
	});
});
