import { describe, expect, test } from "vitest";
import { assemble } from "../instance/assemble.ts";
import { emptyFacts } from "../instance/empty-facts.ts";
import type { PortFacts, ShareFacts } from "../instance/facts.ts";
import type { Server } from "../instance/instance.ts";
import { metaData } from "./meta-data.ts";
import type { OpenStackVersion } from "./versions.ts";

const MAC = "fa:16:3e:00:00:02";

/** `devices` of a server with one NIC, as text: the order of members counts. */
function devices(
	binding: Partial<PortFacts>,
	version: OpenStackVersion,
	tag?: string,
	shares: readonly ShareFacts[] = [],
): string | undefined {
	const port = { id: "nic", name: "", network_id: "n", mac_address: MAC, device_id: "i", device_owner: "compute:nova" };
	const lists = { fixed_ips: [], security_groups: [], allowed_address_pairs: [], tags: [] };
	const instance = assemble({
		...emptyFacts("i"),
		server: { id: "i", name: "worker-0", metadata: {}, addresses: {}, security_groups: [] },
		ports: [{ ...port, ...lists, ...binding }],
		networks: [{ id: "n", name: "", tags: [] }],
		shares,
		interfaceAttachments: tag === undefined ? [] : [{ port_id: "nic", tag }],
	});
	const options = { hostnameDomain: "", profile: "nova" as const, seedKey: new Uint8Array(32) };
	const document = metaData(instance, instance.server as Server, version, options);
	return document.devices && JSON.stringify(document.devices);
}

/** nova/api/metadata/base.py, `_get_device_metadata`; nova/virt/libvirt/driver.py, `vifs_to_expose`. */
describe("devices of passed-through functions", () => {
	const vlan = { "binding:vif_details": { vlan: "108" } };
	const trusted = { "binding:profile": { trusted: "true" } };
	const nic = `"type":"nic","mac":"${MAC}","bus":"none","address":"none"`;

	test.each<[OpenStackVersion, string | undefined]>([
		["2015-10-15", undefined],
		["2016-10-06", "[]"],
		["2017-02-22", `[{"vlan":108,${nic}}]`],
		["2018-08-27", `[{"vlan":108,"vf_trusted":false,${nic}}]`],
		["2025-04-04", `[{"vlan":108,"vf_trusted":false,${nic}}]`],
	])("a VLAN that the guest has to tag, version %s", (version, expected) => {
		expect(devices(vlan, version)).toBe(expected);
	});

	test("a virtual function's trust is listed only if it has a tag", () => {
		expect(devices(trusted, "2018-08-27")).toBe("[]");
		expect(devices(trusted, "2018-08-27", "fast")).toBe(`[{"vf_trusted":true,${nic},"tags":["fast"]}]`);
		expect(devices({ ...vlan, ...trusted }, "2018-08-27", "fast")).toBe(
			`[{"vlan":108,"vf_trusted":true,${nic},"tags":["fast"]}]`,
		);
	});

	test.each([{ vlan: "none" }, { vlan: 0 }, { vlan: 4095 }, { vlan: null }, {}])("%j is no VLAN", (details) => {
		expect(devices({ "binding:vif_details": details }, "2025-04-04")).toBe("[]");
	});
});

/** nova/tests/unit/test_metadata.py, `fake_metadata_dicts`. */
describe("shares", () => {
	const share = { share_id: "ca3c176e-fd5a-438b-b595-e18a358f6909", status: "active", tag: "my_share_tag" };
	const expected = {
		...{ type: "share", share_id: share.share_id, tag: share.tag },
		...{ bus: "none", address: "none" },
	};

	test.each<[OpenStackVersion, readonly object[]]>([
		["2020-10-14", []],
		["2025-04-04", [expected]],
	])("in version %s", (version, shares) => {
		expect(devices({}, version, undefined, [share])).toBe(JSON.stringify(shares));
	});

	test.each(["attaching", "inactive", "detaching", "error"])("one that is %s is no device of the guest", (status) => {
		expect(devices({}, "2025-04-04", undefined, [{ ...share, status }])).toBe("[]");
	});

	test("come after the tagged NICs, with their ids as tags if they have none", () => {
		const text = devices({}, "2025-04-04", "fast", [{ ...share, tag: null }, share]);
		expect(JSON.parse(text ?? "")).toMatchObject([{ type: "nic" }, { ...expected, tag: share.share_id }, expected]);
	});
});
