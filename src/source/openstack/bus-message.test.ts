import { describe, expect, test } from "vitest";
import { recordedCases } from "../../../test/recorded.ts";
import { LARGEST_MESSAGE, parseBusMessage } from "./bus-message.ts";

const ID = "0f6d5a3e-9c1b-4d8e-a7f2-3b4c5d6e7f80";
const OTHER = "1a2b3c4d-5e6f-4a0b-8c9d-0e1f2a3b4c5d";
const THIRD = "2b3c4d5e-6f7a-4b1c-9d0e-1f2a3b4c5d6e";
const TIMESTAMP = "2026-11-26 12:51:55.724011";

const message = (event_type: unknown, payload: unknown, timestamp: unknown = TIMESTAMP) => ({
	message_id: "fdf6c653-34b0-410f-8289-26d466f935ed",
	publisher_id: "network.control-1",
	event_type,
	priority: "INFO",
	payload,
	timestamp,
	_unique_id: "5b6c",
});
const bare = (value: unknown) => Buffer.from(JSON.stringify(value));
const enveloped = (value: unknown) => bare({ "oslo.version": "2.0", "oslo.message": JSON.stringify(value) });

/** What a message names, as `kind id`; a text if it is invalid. */
function named(content: Buffer): string[] | string {
	const parsed = parseBusMessage(content);
	return "invalid" in parsed
		? parsed.invalid
		: parsed.signals.flatMap(({ kind, ids }) => ids.map((id) => `${kind} ${id}`));
}

const nova = (uuid: unknown) => ({
	"nova_object.name": "InstancePayload",
	"nova_object.namespace": "nova",
	"nova_object.version": "1.8",
	"nova_object.data": { uuid, display_name: "web-1", tenant_id: "p" },
});

/** Every event that is understood, with what it names. */
const EVENTS: readonly (readonly [type: string, payload: unknown, names: readonly string[]])[] = [
	["port.create.end", { port: { id: ID, device_id: OTHER } }, [`port ${ID}`]],
	["port.create.end", { ports: [{ id: ID }, { id: OTHER }] }, [`port ${ID}`, `port ${OTHER}`]],
	["port.update.end", { port: { id: ID, "binding:vif_type": "ovs" } }, [`port ${ID}`]],
	["port.delete.end", { port_id: ID, port: { id: ID } }, [`port ${ID}`]],
	["port.delete.end", { port_id: ID }, [`port ${ID}`]],
	["network.update.end", { network: { id: ID, mtu: 1300 } }, [`network ${ID}`]],
	["network.update.end", { network: { id: ID, subnets: [OTHER] } }, [`network ${ID}`]],
	["network.delete.end", { network_id: ID }, [`network ${ID}`]],
	[
		"network.delete.end",
		{ network_id: ID, network: { id: ID, subnets: [OTHER, THIRD] } },
		[`network ${ID}`, `subnet ${OTHER}`, `subnet ${THIRD}`],
	],
	["subnet.create.end", { subnet: { id: ID, network_id: OTHER } }, [`subnet ${ID}`, `network ${OTHER}`]],
	["subnet.delete.end", { subnet_id: ID }, [`subnet ${ID}`]],
	[
		"trunk.create.end",
		{ trunk: { id: ID, port_id: OTHER, sub_ports: [{ port_id: THIRD, segmentation_id: 7 }] } },
		[`trunk ${ID}`, `port ${OTHER}`, `port ${THIRD}`],
	],
	["trunk.delete.end", { trunk_id: ID }, [`trunk ${ID}`]],
	["floatingip.update.end", { floatingip: { id: ID, port_id: OTHER } }, [`floatingip ${ID}`]],
	["security_group.update.end", { security_group: { id: ID } }, [`security_group ${ID}`]],
	[
		"security_group_rule.create.end",
		{ security_group_rule: { id: ID, security_group_id: OTHER } },
		[`security_group ${OTHER}`],
	],
	[
		"security_group_rule.create.end",
		{ security_group_rules: [{ id: ID, security_group_id: OTHER }] },
		[`security_group ${OTHER}`],
	],
	[
		"security_group_rule.delete.end",
		{ security_group_rule_id: ID, security_group_rule: { id: ID, security_group_id: OTHER } },
		[`security_group ${OTHER}`],
	],
	["tag.create.end", { parent_resource: "ports", parent_resource_id: ID, tags: ["blue"] }, [`port ${ID}`]],
	["tag.delete.end", { parent_resource: "security_groups", parent_resource_id: ID }, [`security_group ${ID}`]],
	["tag.create.end", { parent_resource: "network", parent_resource_id: ID }, [`network ${ID}`]],
	["tag.update.end", { obj_resource: "ports", obj_resource_id: ID, tags: ["blue"] }, [`port ${ID}`]],
	["tag.delete_all.end", { obj_resource: "networks", obj_resource_id: ID }, [`network ${ID}`]],
	["router.interface.create", { router_interface: { id: OTHER, port_id: ID } }, [`port ${ID}`]],
	["compute.instance.create.end", { instance_id: ID }, [`server ${ID}`, `server_details ${ID}`]],
	["compute.instance.update", { instance_id: ID, old_task_state: null }, [`server ${ID}`]],
	["compute.instance.delete.end", { instance_id: ID }, [`server ${ID}`]],
	["compute.instance.volume.attach", { instance_id: ID }, [`server ${ID}`, `server_details ${ID}`]],
	["instance.update", nova(ID), [`server ${ID}`]],
	["instance.delete.end", nova(ID), [`server ${ID}`]],
	["instance.interface_attach.end", nova(ID), [`server ${ID}`, `server_details ${ID}`]],
	["instance.share_attach.end", nova(ID), [`server ${ID}`, `server_details ${ID}`]],
	["instance.power_on.end", nova(ID), [`server ${ID}`, `server_details ${ID}`]],
	["instance.create.error", nova(ID), [`server ${ID}`, `server_details ${ID}`]],
	[
		"keypair.import.end",
		{ "nova_object.data": { user_id: "a1b2", name: "my key", public_key: "ssh-rsa …" } },
		["keypair a1b2 my key"],
	],
	["keypair.delete.end", { user_id: "a1b2", key_name: "k", tenant_id: "a1b2" }, ["keypair a1b2 k"]],
];

describe.each(EVENTS)("%s %j", (type, payload, names) => {
	test("in an envelope and bare", () => {
		for (const content of [enveloped(message(type, payload)), bare(message(type, payload))]) {
			expect(named(content)).toEqual(names);
		}
	});

	test("says when it was sent", () => {
		const parsed = parseBusMessage(bare(message(type, payload)));
		const times = "signals" in parsed ? parsed.signals.map(({ changedAt }) => changedAt) : [];
		expect(new Set(times)).toEqual(new Set([Date.parse("2026-11-26T12:51:55.724Z")]));
	});
});

test("the ports of recorded answers, as a notification has them", () => {
	for (const { facts } of recordedCases()) {
		for (const port of facts.ports)
			expect(named(enveloped(message("port.update.end", { port })))).toEqual([`port ${port.id}`]);
	}
});

test.each([
	["port.update.start", { port: { id: ID } }],
	["compute.instance.create.start", { instance_id: ID }],
	["compute.instance.exists", { instance_id: ID }],
	["instance.exists", nova(ID)],
	["qos_policy.update.end", { policy: { id: ID } }],
	["router.update.end", { router: { id: ID } }],
	["constructor.update.end", { constructor: { id: ID } }],
	["__proto__.update.end", {}],
	["baremetal.node.update.end", { "ironic_object.data": { uuid: ID } }],
	["tag.create.end", { parent_resource: "routers", parent_resource_id: ID }],
	["tag.create.end", { obj_resource: "routers", obj_resource_id: ID }],
	["", {}],
])("%s names nothing and is not invalid", (type, payload) => {
	expect(named(enveloped(message(type, payload)))).toEqual([]);
});

describe("a forged or broken message is invalid", () => {
	test.each([
		["invalid JSON", Buffer.from("{")],
		["a broken message in an envelope", bare({ "oslo.message": "{" })],
		["a list", bare([1])],
		["null", bare(null)],
		["no event", bare({ payload: {} })],
		["an event that is not text", bare(message(7, {}))],
		["no payload", bare(message("port.update.end", null))],
		["a path as an id", bare(message("port.update.end", { port: { id: "../../servers" } }))],
		["an id with a query", bare(message("instance.update", nova(`${ID}?x=1`)))],
		["a number as an id", bare(message("compute.instance.update", { instance_id: 7 }))],
		["no id", bare(message("instance.update", nova(undefined)))],
		["one bad id among good ones", bare(message("port.create.end", { ports: [{ id: ID }, { id: "x" }] }))],
		["a key pair without a user", bare(message("keypair.create.end", { key_name: "k" }))],
		["a user with a space", bare(message("keypair.create.end", { user_id: "a b", key_name: "k" }))],
		["a name that is too long", bare(message("keypair.create.end", { user_id: "a", key_name: "k".repeat(256) }))],
		["too many resources", bare(message("port.create.end", { ports: Array(2001).fill({ id: ID }) }))],
		["too many bytes", Buffer.alloc(LARGEST_MESSAGE + 1, " ")],
		["lists a million deep", Buffer.from(`${"[".repeat(1e6)}${"]".repeat(1e6)}`)],
	])("%s", (_, content) => {
		expect(parseBusMessage(content)).toEqual({ invalid: expect.stringMatching(/^a message /) });
	});

	test("the reason does not quote it", () => {
		const content = bare(message("port.update.end", { port: { id: "secret" } }));
		expect(JSON.stringify(parseBusMessage(content))).not.toContain("secret");
	});
});

test.each(["yesterday", 7, null, "2026-99-26 12:51:55", "2026-11-26"])("time %j is left out", (timestamp) => {
	const parsed = parseBusMessage(bare(message("port.update.end", { port: { id: ID } }, timestamp)));
	expect(parsed).toEqual({ signals: [{ kind: "port", ids: [ID] }], isVersioned: false });
});

test.each([
	["instance.update", nova(ID), true],
	["flavor.create", { "nova_object.data": {} }, true],
	["compute.instance.update", { instance_id: ID }, false],
	["compute.instance.update", { instance_id: ID, "nova_object.data": "text" }, false],
])("whether %s is of Nova's versioned format", (type, payload, isVersioned) => {
	expect(parseBusMessage(enveloped(message(type, payload)))).toMatchObject({ isVersioned });
});
