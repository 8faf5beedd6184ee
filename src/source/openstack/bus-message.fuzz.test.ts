import fc from "fast-check";
import { expect, test } from "vitest";
import { UUID } from "../api/uuid.ts";
import { parseBusMessage } from "./bus-message.ts";

/** Whatever arrives, the result is a reason or signals with valid ids; nothing is thrown. */
function check(content: Buffer): void {
	const parsed = parseBusMessage(content);
	if ("invalid" in parsed) expect(parsed.invalid).toMatch(/^a message /);
	if ("invalid" in parsed) return;
	for (const { kind, ids, changedAt } of parsed.signals) {
		expect(ids.length).toBeGreaterThan(0);
		if (kind !== "keypair") for (const id of ids) expect(id).toMatch(UUID);
		// What a URL and a database take.
		else for (const id of ids) expect(encodeURIComponent(id)).not.toMatch(/%[01][0-9A-F]|%7F|%C2%[89]/);
		if (changedAt !== undefined) expect(Number.isFinite(changedAt)).toBe(true);
	}
}

const type = fc.oneof(
	fc.constantFrom(
		...["port.create.end", "port.delete.end", "network.update.end", "subnet.create.end", "trunk.create.end"],
		...["floatingip.update.end", "security_group.update.end", "security_group_rule.create.end", "tag.create.end"],
		...["router.interface.create", "compute.instance.update", "instance.update", "keypair.import.end"],
	),
	fc.string(),
	fc.jsonValue(),
);
const text = fc.string({ unit: "binary" });
const halves = fc.constantFrom("\ud800", "a\u0000b", "key\u007f", "\udc00 ");
const id = fc.oneof(fc.uuid(), fc.string(), text, halves, fc.jsonValue());
const member = fc.constantFrom(
	...["id", "port_id", "network_id", "security_group_id", "parent_resource", "parent_resource_id", "instance_id"],
	...["obj_resource", "obj_resource_id"],
	...["uuid", "user_id", "name", "key_name", "port", "ports", "network", "subnet", "trunk", "sub_ports"],
	...["floatingip", "security_group", "security_group_rule", "router_interface", "nova_object.data", "__proto__"],
);
const { payload } = fc.letrec((tie) => ({
	payload: fc.oneof({ depthSize: "small" }, id, fc.array(tie("payload"), { maxLength: 3 }), tie("object")),
	object: fc.dictionary(member, tie("payload"), { maxKeys: 5 }),
}));
const message = fc.record({ event_type: type, payload, timestamp: id }, { requiredKeys: [] });

test("any bytes", () => {
	fc.assert(
		fc.property(fc.uint8Array(), (bytes) => void check(Buffer.from(bytes))),
		{ numRuns: 2000 },
	);
});

test("any JSON", () => {
	fc.assert(
		fc.property(fc.json(), (json) => void check(Buffer.from(json))),
		{ numRuns: 2000 },
	);
});

test("messages with the right members and any values, bare and in an envelope", () => {
	const property = fc.property(message, fc.boolean(), (value, isBare) => {
		const json = JSON.stringify(value);
		check(Buffer.from(isBare ? json : JSON.stringify({ "oslo.message": json })));
	});
	fc.assert(property, { numRuns: 10_000 });
});
