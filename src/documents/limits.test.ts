import { expect, it } from "vitest";
import { recordedCase } from "../../test/recorded.ts";
import { assemble } from "../instance/assemble.ts";
import type { InstanceFacts } from "../instance/facts.ts";
import { MOST } from "../instance/limits.ts";
import { buildTree } from "./guest-tree.ts";
import { defaultSettings } from "./settings.ts";

const facts = recordedCase("h1-full").facts;
const settings = defaultSettings(Buffer.alloc(32));

/** An instance with so many ports, each with one address in a subnet with so many host routes. */
function wide(ports: number, routes: number): InstanceFacts {
	const [port, subnet] = [facts.ports[0], facts.subnets[0]];
	if (port === undefined || subnet === undefined) throw new Error("the recording has no port");
	const host_routes = Array.from({ length: routes }, (_, n) => ({
		destination: `198.18.${n >> 8}.${n & 255}/32`,
		nexthop: "10.0.0.1",
	}));
	const id = (n: number) => `${String(n).padStart(8, "0")}${port.id.slice(8)}`;
	const mac = (n: number) =>
		`02:00:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;
	return {
		...facts,
		subnets: facts.subnets.map((each) => (each === subnet ? { ...each, host_routes } : each)),
		ports: Array.from({ length: ports }, (_, n) => ({
			...{ ...port, id: id(n), mac_address: mac(n) },
			fixed_ips: [{ subnet_id: subnet.id, ip_address: port.fixed_ips[0]?.ip_address ?? "" }],
		})),
	};
}

const many = <T>(make: (n: number) => T): T[] => Array.from({ length: 5001 }, (_, n) => make(n));
const one = wide(1, 0);
const withSubnet = (members: object): InstanceFacts => ({
	...one,
	subnets: one.subnets.map((subnet) => ({ ...subnet, ...members })),
});
const withPort = (members: object): InstanceFacts => ({
	...one,
	ports: one.ports.map((port) => ({ ...port, ...members })),
});
const withServer = (members: object): InstanceFacts =>
	one.server === undefined ? one : { ...one, server: { ...one.server, ...members } };

const FLOATING_IP = { floating_ip_address: "192.0.2.1", fixed_ip_address: null };

it.each([
	[wide(MOST.ports + 1, 0), /^instance \S+ has 501 ports, but documents may have at most 500: remove some$/],
	[wide(100, 60), / has 6000 routes, but documents may have at most 5000: remove some$/],
	[
		withSubnet({ dns_nameservers: many((n) => `192.0.2.${n % 250}`) }),
		/ has 5001 DNS servers, but documents may have at most 5000/,
	],
	[withPort({ allowed_address_pairs: many(() => ({ ip_address: "192.0.2.1" })) }), / has 5001 allowed address pairs, /],
	[withPort({ tags: many((n) => `${n}`) }), / has 500\d tags, but documents may have at most 5000: remove some$/],
	[withServer({ "OS-EXT-SRV-ATTR:user_data": "A".repeat(88 * 1024 * 1024) }), / has \d+ bytes of user data, /],
	[
		withPort({ dns_assignment: many(() => ({ ip_address: "192.0.2.1", hostname: "a", fqdn: "a." })) }),
		/ 5001 DNS names, /,
	],
	[{ ...one, dedicatedCpus: Array.from({ length: 10_001 }, (_, n) => n) }, / has 10001 dedicated CPUs, /],
	[{ ...one, volumeAttachments: many((n) => ({ serverId: one.id, volumeId: `${n}` })) }, / has 5001 volumes, /],
	[{ ...one, shares: many((n) => ({ share_id: `${n}`, status: "active" })) }, / has 5001 shares, /],
	[{ ...one, keypairs: many((n) => ({ name: `${n}`, type: "ssh", public_key: "a" })) }, / has 5001 keys, /],
	[{ ...one, keypairs: [{ name: "k", type: "ssh", public_key: "a\n".repeat(1000) }] }, / has 1001 keys, /],
	[
		{ ...one, floatingIps: many((n) => ({ ...FLOATING_IP, id: `${n}`, port_id: one.ports[0]?.id ?? "" })) },
		/ has 5001 floating IPs, /,
	],
	[withPort({ description: "x".repeat(2 * 1024 * 1024) }), / has 209\d{4} characters of text, /],
	[withServer({ metadata: { a: "x".repeat(1024 * 1024) } }), / has 1048577 characters of metadata, /],
])("an instance that exceeds a limit has no documents", (facts, message) => {
	expect(() => buildTree(assemble(facts), settings)).toThrow(message);
});

it("an instance at the limits has documents", () => {
	const tree = buildTree(assemble(wide(MOST.ports, MOST.routes / MOST.ports)), settings);
	const text = String(tree.read("openstack/latest/network_data.json"));
	expect(JSON.parse(text).links).toHaveLength(MOST.ports);
});
