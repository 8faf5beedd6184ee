import { describe, expect, it } from "vitest";
import { recordedCase } from "../../test/recorded.ts";
import { GuestwireError } from "../errors.ts";
import { assemble } from "./assemble.ts";
import type { InstanceFacts, PortFacts, ServerFacts } from "./facts.ts";

const facts = recordedCase("b-static4").facts;
const changedPort = (change: Partial<PortFacts>): InstanceFacts => ({
	...facts,
	ports: facts.ports.map((port) => ({ ...port, ...change })),
});
const server = (change: Partial<ServerFacts>) =>
	assemble({ ...facts, server: { ...(facts.server as ServerFacts), ...change } }).server;

describe("contradictory facts are reported by name", () => {
	it.each([
		["a missing network", changedPort({ network_id: "gone" }), /port 260ef92a.* network gone/],
		["a missing subnet", { ...facts, subnets: [] }, /260ef92a.* subnet 65ac0978/],
		[
			"an invalid address",
			changedPort({ fixed_ips: [{ subnet_id: facts.subnets[0]?.id ?? "", ip_address: "10.2.0" }] }),
			/"10\.2\.0"/,
		],
		[
			"an address of the other family",
			changedPort({ fixed_ips: [{ subnet_id: facts.subnets[0]?.id ?? "", ip_address: "::1" }] }),
			/"::1".*IPv4/,
		],
		["an invalid MAC address", changedPort({ mac_address: "fa:16" }), /"fa:16"/],
		[
			"an invalid CIDR",
			{ ...facts, subnets: facts.subnets.map((subnet) => ({ ...subnet, cidr: "10.2.0.0/33" })) },
			/cidr "10\.2\.0\.0\/33"/,
		],
		[
			"an invalid gateway",
			{ ...facts, subnets: facts.subnets.map((subnet) => ({ ...subnet, gateway_ip: "gw" })) },
			/gateway_ip "gw"/,
		],
		[
			"an unknown bond mode",
			{
				...facts,
				portGroups: [{ uuid: "g", address: "fa:16:3e:00:00:05", node_uuid: "n", mode: "fast", properties: {} }],
			},
			/port group g has the unknown mode "fast"/,
		],
	])("%s", (_, contradictory, message) => {
		expect(() => assemble(contradictory)).toThrow(GuestwireError);
		expect(() => assemble(contradictory)).toThrow(message);
	});
});

describe("a server", () => {
	it.each([
		["Web 1_a.Example!", "web-1-a-example"],
		["node-001.docker", "node-001-docker"],
		["-web.example.com.", "web-example-com"],
		["192.0.2.77", "192-0-2-77"],
		["DB 01_prod", "db-01-prod"],
		["..", "Server-cb6a6d22-7d2b-4fd8-b8ac-8b2b0c9bd6f2"],
		[`${"x".repeat(62)}-y`, "x".repeat(62)],
	])("named %s has Nova's host name if the API returns none", (name, hostname) => {
		const id = "cb6a6d22-7d2b-4fd8-b8ac-8b2b0c9bd6f2";
		expect(server({ id, name, "OS-EXT-SRV-ATTR:hostname": null })?.hostname).toBe(hostname);
	});

	it("has no user data if it is empty", () => {
		expect(server({ "OS-EXT-SRV-ATTR:user_data": "" })?.userData).toBeUndefined();
		expect(server({ "OS-EXT-SRV-ATTR:user_data": "aGk=" })?.userData).toEqual(Buffer.from("hi"));
	});
});

it("leaves out a subport that is gone and one without a tag", () => {
	const trunk = recordedCase("f-trunk").facts;
	const [first, second] = trunk.subports as [PortFacts, PortFacts];
	const untagged = trunk.trunks.map((each) => ({
		...each,
		sub_ports: [
			{ port_id: first.id, segmentation_type: "vlan", segmentation_id: 101 },
			{ port_id: second.id, segmentation_type: "vxlan" },
			{ port_id: "gone", segmentation_type: "vlan", segmentation_id: 103 },
		],
	}));
	const [parent] = assemble({ ...trunk, trunks: untagged }).ports;
	expect(parent?.trunk?.subports.map(({ vlanId, port }) => [vlanId, port.id])).toEqual([[101, first.id]]);
});

it("treats a trunk on its own subport as a port", () => {
	const facts = recordedCase("f-trunk").facts;
	const [parent] = facts.ports as [PortFacts];
	const [subport] = facts.subports as [PortFacts];
	const loop = {
		id: "loop",
		name: "",
		port_id: subport.id,
		sub_ports: [{ port_id: parent.id, segmentation_type: "vlan", segmentation_id: 5 }],
	};
	const [port] = assemble({ ...facts, trunks: [...facts.trunks, loop], subports: [...facts.subports, parent] }).ports;
	expect(port?.trunk?.subports[0]?.port.trunk).toBeUndefined();
});

it("gives NICs the same order whatever order they come in, even if only some have created_at", () => {
	const { server: _, ...wiring } = facts;
	const [port] = wiring.ports as [PortFacts];
	const made = (id: string, created_at?: string) =>
		({ ...port, id, mac_address: `02:00:00:00:00:${id}`, created_at }) as PortFacts;
	const ports = [made("0c", "2026-01-02T00:00:00Z"), made("0b"), made("0a", "2026-01-01T00:00:00Z")];
	for (const order of [
		[0, 1, 2],
		[1, 2, 0],
		[2, 1, 0],
		[1, 0, 2],
	]) {
		const shuffled = order.map((index) => ports[index] as PortFacts);
		expect(assemble({ ...wiring, ports: shuffled }).ports.map(({ id }) => id)).toEqual(["0a", "0c", "0b"]);
	}
});
