/** Changes between two states of an inventory: enough for a cache that asks again only after a change, and no more. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { recordedCases } from "../../../test/recorded.ts";
import type { InstanceFacts } from "../../instance/facts.ts";
import { createInstanceCache } from "../instance-cache.ts";
import { assembleOwned } from "../ownership.ts";
import type { Change, PortQuery, Source } from "../source.ts";
import { changesBetween } from "./changes.ts";
import { buildInventory, type Inventory } from "./inventory.ts";
import { parseInventoryFile } from "./parse.ts";
import { factsOf, ownersOf } from "./queries.ts";

type Resource = Record<string, unknown> & { id: string };
type Resources = Record<string, Resource[]>;

function resourcesOf(all: readonly InstanceFacts[]): Resources {
	const unique = (of: (facts: InstanceFacts) => readonly object[]) => [
		...new Map((all.flatMap(of) as Resource[]).map((resource) => [resource.id, resource])).values(),
	];
	const port = { device_owner: "network:router_interface", device_id: "router-1", name: "", fixed_ips: [] };
	const [network = undefined as never] = all[0]?.networks ?? [];
	const interfaces = [{ ...port, id: "interface", network_id: network.id, mac_address: "02:00:00:00:00:01" }];
	return {
		servers: unique(({ server }) => (server === undefined ? [] : [server])),
		keypairs: all.flatMap(({ keypairs = [] }) => keypairs as unknown as Resource[]).slice(0, 1),
		ports: [...unique((facts) => [...facts.ports, ...facts.subports, ...facts.dhcpPorts]), ...interfaces],
		networks: unique(({ networks }) => networks),
		subnets: unique(({ subnets }) => subnets),
		trunks: unique(({ trunks }) => trunks),
		floatingips: unique(({ floatingIps }) => floatingIps),
		security_groups: unique(({ securityGroups }) => securityGroups),
	};
}

const recorded = resourcesOf(recordedCases().map(({ facts }) => facts));
const inventoryOf = (resources: Resources): Inventory =>
	buildInventory([parseInventoryFile(JSON.stringify(resources), "recorded.json")], () => "recorded.json");

/** Ways to edit an inventory; each takes a number to pick resources with. */
const EDITS: Readonly<Record<string, (resources: Resources, pick: number) => void>> = {
	"a subnet's name servers": edit("subnets", () => ({ dns_nameservers: ["192.0.2.53", "2001:db8::53"] })),
	"a network's MTU": edit("networks", () => ({ mtu: 1280 })),
	"a port's description": edit("ports", () => ({ description: "edited" })),
	"a port's MAC address": edit("ports", ({ id }) => ({
		mac_address: `02:00:00:${id.match(/../g)?.slice(0, 3).join(":")}`,
	})),
	"a server's name": edit("servers", () => ({ name: "edited" })),
	"a server's project": edit("servers", () => ({ tenant_id: "another" })),
	"a key pair": edit("keypairs", () => ({ public_key: "ssh-ed25519 edited" })),
	"a security group": edit("security_groups", () => ({ security_group_rules: [] })),
	"a floating IP's port": edit("floatingips", ({ port_id }, { ports = [] }) => ({
		port_id: ports.find(({ id }) => id !== port_id)?.id,
	})),
	"a trunk's subports": edit("trunks", ({ sub_ports }) => ({ sub_ports: (sub_ports as unknown[]).slice(1) })),
	"a port's device": edit("ports", ({ device_id }, { servers = [] }) =>
		device_id === "" ? {} : { device_id: servers.find(({ id }) => id !== device_id)?.id },
	),
	"a port's owner": edit("ports", () => ({ device_owner: "network:dhcp" })),
	"the router's network": ({ ports = [], networks = [] }, pick) => {
		for (const port of ports) if (port.id === "interface") port["network_id"] = networks[pick % networks.length]?.id;
	},
	"addresses of two ports of one network": ({ ports = [] }, pick) => {
		const one = ports[pick % ports.length];
		const other = ports.find(({ id, network_id }) => id !== one?.id && network_id === one?.["network_id"]);
		if (!one || !other) return;
		[one["fixed_ips"], other["fixed_ips"]] = [other["fixed_ips"], one["fixed_ips"]];
	},
	"a port less": ({ ports = [], trunks = [] }, pick) => {
		const inTrunks = JSON.stringify(trunks);
		const free = ports.filter(({ id }) => !inTrunks.includes(id));
		const gone = free[pick % free.length];
		ports.splice(ports.indexOf(gone as Resource), 1);
	},
	"a server less": ({ servers = [] }, pick) => void servers.splice(pick % servers.length, 1),
	"a security group less": ({ security_groups = [] }, pick) => {
		security_groups.splice(pick % security_groups.length, 1);
	},
};

function edit(name: string, change: (resource: Resource, resources: Resources) => object) {
	return (resources: Resources, pick: number): void => {
		const some = resources[name] ?? [];
		const one = some[pick % some.length];
		if (one !== undefined) Object.assign(one, change(one, resources));
	};
}

function edited(...edits: readonly (readonly [name: string, pick: number])[]): Inventory {
	const resources = structuredClone(recorded);
	for (const [name, pick] of edits) EDITS[name]?.(resources, pick);
	return inventoryOf(resources);
}

const instanceOf = (inventory: Inventory, id: string) => {
	const facts = factsOf(inventory, id);
	return facts && assembleOwned(facts);
};

const before = inventoryOf(recorded);
const ids = [...before.servers.keys()];
const queries: PortQuery[] = [...before.ports.values()].flatMap((port) => [
	{ macAddress: port.mac_address },
	...port.fixed_ips.flatMap(({ ip_address: address }) => [{ address }, { address, routerId: "router-1" }]),
]);

test("reading an equal inventory again reports no changes", () => {
	expect(changesBetween(before, inventoryOf(structuredClone(recorded)))).toEqual([]);
});

test("after any edits, a cache that is invalidated by changes answers like a new one", {
	tags: ["slow"],
}, async () => {
	const anyEdit = fc.tuple(fc.constantFrom(...Object.keys(EDITS)), fc.nat());
	await fc.assert(
		fc.asyncProperty(fc.array(anyEdit, { minLength: 1, maxLength: 4 }), async (edits) => {
			let inventory = before;
			let report: (change: Change) => void = () => {};
			const source: Source = {
				instance: async (id) => instanceOf(inventory, id),
				owners: async (query) => ownersOf(inventory, query),
				list: async () => [],
				onChange(listener) {
					report = listener;
				},
				close: async () => {},
			};
			const cache = createInstanceCache(source, { maxAge: Number.POSITIVE_INFINITY, maxBytes: 64 * 1024 * 1024 });
			const answers = async () => ({
				instances: await Promise.all(ids.map((id) => cache.get(id, "all"))),
				owners: await Promise.all(queries.map((query) => cache.owners(query))),
			});
			await answers();
			try {
				inventory = edited(...edits);
			} catch {
				return; // the edits contradict each other, so the inventory is rejected
			}
			for (const change of changesBetween(before, inventory)) report(change);
			const found = await answers();
			expect(found.instances).toEqual(ids.map((id) => instanceOf(inventory, id)));
			expect(found.owners).toEqual(queries.map((query) => ownersOf(inventory, query)));
		}),
		{ numRuns: 60 },
	);
});

describe("only what changed is reported", () => {
	test.each([
		["a port's description", ["port"]],
		["a subnet's name servers", ["subnet"]],
		["a network's MTU", ["network"]],
		["a server's name", ["server"]],
	])("%s", (name, kinds) => {
		const changes = changesBetween(before, edited([name, 7]));
		expect(changes.map(({ kind, ids }) => [kind, ids.length])).toEqual(kinds.map((kind) => [kind, 1]));
	});

	test("a MAC address: the port and both addresses, because their owner may have changed", () => {
		const changes = changesBetween(before, edited(["a port's MAC address", 7]));
		expect(changes.map(({ kind, ids }) => [kind, ids.length])).toEqual([
			["port", 1],
			["address", 2],
		]);
	});
});
