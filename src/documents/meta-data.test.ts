import { describe, expect, test } from "vitest";
import { assemble } from "../instance/assemble.ts";
import { emptyFacts } from "../instance/empty-facts.ts";
import type { PortFacts } from "../instance/facts.ts";
import type { Server } from "../instance/instance.ts";
import { metaData } from "./meta-data.ts";
import type { OpenStackVersion } from "./versions.ts";

const MAC = "fa:16:3e:00:00:02";

/** `devices` of a server with one NIC, as text: the order of members counts. */
function devices(binding: Partial<PortFacts>, version: OpenStackVersion, tag?: string): string | undefined {
	const port = { id: "nic", name: "", network_id: "n", mac_address: MAC, device_id: "i", device_owner: "compute:nova" };
	const lists = { fixed_ips: [], security_groups: [], allowed_address_pairs: [], tags: [] };
	const instance = assemble({
		...emptyFacts("i"),
		server: { id: "i", name: "worker-0", metadata: {}, addresses: {}, security_groups: [] },
		ports: [{ ...port, ...lists, ...binding }],
		networks: [{ id: "n", name: "", tags: [] }],
		interfaceAttachments: tag === undefined ? [] : [{ port_id: "nic", tag }],
	});
	const options = { hostnameDomain: "", seedKey: new Uint8Array(32) };
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
