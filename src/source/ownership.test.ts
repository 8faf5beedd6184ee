/** The rules of ownership, each with the attack that it stops (CVE-2013-6419). */
import { describe, expect, it } from "vitest";
import { guest } from "../../test/metadata-service.ts";
import { recordedCase } from "../../test/recorded.ts";
import type { InstanceFacts, PortFacts } from "../instance/facts.ts";
import { attachedPort } from "../instance/port-group.ts";
import {
	assembleOwned,
	hasMatchingPort,
	isContested,
	ownerOf,
	ownPorts,
	vifOfIronic,
	violatedConstraint,
	withoutClaimedVif,
} from "./ownership.ts";

const { facts } = recordedCase("b-static4");
const [nic] = facts.ports as [PortFacts];
const { server: _, ...wiring } = facts;
const PROJECT = "889382aa852c451ebf5054cf62136b93";
/** Another tenant's port that names the instance as its device. */
const forged: PortFacts = { ...nic, id: "forged", project_id: "mallory", mac_address: "02:00:00:00:00:66" };
const idsOf = (given: InstanceFacts) => assembleOwned(given).ports.map(({ id }) => id);

describe("the ports of an instance", () => {
	it("are those of the server's project", () => {
		expect(idsOf({ ...facts, ports: [nic, forged] })).toEqual([nic.id]);
		expect(idsOf({ ...facts, ports: [forged] })).toEqual([]);
	});

	it("are unknown while ports of two projects claim it and the server is unknown", () => {
		expect(idsOf({ ...wiring, ports: [nic, forged] })).toEqual([]);
		expect(isContested([nic, forged])).toBe(true);
	});

	it("include ports without a project: a hand-written inventory has no projects", () => {
		const { project_id: _project, ...own } = nic;
		expect(idsOf({ ...facts, ports: [own] })).toEqual([nic.id]);
		expect(isContested([own, nic])).toBe(false);
	});

	it.each(["network:dhcp", "network:router_interface", "trunk:subport", "computed:nova", "compute"])(
		"are NICs: a port that %s owns is not one",
		(device_owner) => {
			expect(ownPorts([{ ...nic, device_owner }], facts.server).ports).toEqual([]);
		},
	);

	it.each(["compute:nova", "compute:", "baremetal:none", ""])("are NICs: owner %j is one", (device_owner) => {
		expect(ownPorts([{ ...nic, device_owner }], facts.server).ports).toHaveLength(1);
	});

	it("do not contest the instance if they are not NICs", () => {
		const router = { ...forged, device_owner: "network:router_interface" };
		expect(idsOf({ ...wiring, ports: [nic, router] })).toEqual([nic.id]);
	});
});

describe("the project of an instance", () => {
	it("is the server's, whatever its ports say", () => {
		expect(assembleOwned({ ...facts, ports: [forged] }).projectId).toBe(PROJECT);
		expect(assembleOwned({ ...facts, ports: [] }).projectId).toBe(PROJECT);
	});

	it("is that of its ports if the server is unknown or names none", () => {
		expect(assembleOwned(wiring).projectId).toBe(PROJECT);
		const { tenant_id: _tenant, ...anonymous } = facts.server as NonNullable<typeof facts.server>;
		expect(assembleOwned({ ...facts, server: anonymous }).projectId).toBe(PROJECT);
	});

	it("is unknown if its ports disagree", () => {
		expect(assembleOwned({ ...wiring, ports: [nic, forged] }).projectId).toBeUndefined();
	});
});

describe("the owner that a port names", () => {
	it("is an instance, in lower case, with the port's project and network", () => {
		const owner = { id: nic.device_id, projectId: PROJECT, networkId: nic.network_id };
		expect(ownerOf({ ...nic, device_id: nic.device_id.toUpperCase() }, nic)).toEqual(owner);
		expect(ownerOf(nic, { ...nic, device_id: nic.device_id.toUpperCase() })).toEqual(owner);
	});

	it("is absent without a device, and for a port that is not a NIC", () => {
		expect(ownerOf(nic, { ...nic, device_id: "" })).toBeUndefined();
		expect(ownerOf(nic, { ...nic, device_owner: "network:dhcp" })).toBeUndefined();
	});

	it("of a subport is the parent's, within one project", () => {
		const subport = { ...nic, id: "subport", device_id: "", device_owner: "trunk:subport", network_id: "vlan" };
		expect(ownerOf(subport, nic)).toEqual({ id: nic.device_id, projectId: PROJECT, networkId: "vlan" });
	});

	it("is absent for a subport of another project, put on the instance's port by the owner of its network", () => {
		const subport = { ...forged, device_id: "", device_owner: "trunk:subport" };
		expect(ownerOf(subport, nic)).toBeUndefined();
		expect(ownerOf({ ...subport, project_id: PROJECT }, forged)).toBeUndefined();
	});
});

describe("the VIF of a bare-metal NIC", () => {
	const claiming = { uuid: "nic", extra: { vif_port_id: "vif", note: "left" } };
	const attached = { uuid: "nic", internal_info: { tenant_vif_port_id: "vif" }, extra: { vif_port_id: "other" } };
	const without = { uuid: "nic", extra: { note: "left" } };

	it("is not what a tenant wrote into the NIC's extra", () => {
		expect(withoutClaimedVif(claiming)).toEqual(without);
		expect(attachedPort(withoutClaimedVif(attached))).toBe("vif");
	});

	it("is in an inventory not what a tenant wrote there, if Ironic has attached that port to another NIC", () => {
		expect(withoutClaimedVif(claiming, new Set(["vif"]))).toEqual(without);
		expect(withoutClaimedVif(claiming, new Set(["another"]))).toEqual(claiming);
		expect(attachedPort(withoutClaimedVif(attached, new Set(["vif", "other"])))).toBe("vif");
		expect([attached, claiming].map(vifOfIronic)).toEqual(["vif", undefined]);
	});
});

describe("a request's constraints", () => {
	const query = { address: "10.0.0.5", networkId: "n1" };
	const macAddress = "fa:16:3e:00:00:01";
	const instance = guest({ address: "10.0.0.5", networkId: "n1", macAddress, projectId: "p" });

	it("hold for the instance's project and its own ports", () => {
		expect(violatedConstraint(instance, [{ projectId: "p", port: query }, { port: { macAddress } }])).toBeUndefined();
		expect(violatedConstraint(instance, [])).toBeUndefined();
	});

	it("are all checked: another tenant's port with the same address fails by its project or its network", () => {
		expect(violatedConstraint(instance, [{ port: query }, { projectId: "mallory", port: query }])).toBe("projectId");
		expect(violatedConstraint(instance, [{ port: query }, { port: { ...query, networkId: "n2" } }])).toBe("port");
	});

	it("on a project fail for an instance whose project is unknown", () => {
		const { projectId: _unknown, ...nobodys } = instance;
		expect(violatedConstraint(nobodys, [{ projectId: "p" }])).toBe("projectId");
	});

	it("on a source need a port at the address on that network, or with the MAC address", () => {
		expect(hasMatchingPort(instance, { address: "10.0.0.5" })).toBe(true);
		expect(hasMatchingPort(instance, { macAddress, networkId: "n1" })).toBe(true);
		expect(hasMatchingPort(instance, { ...query, networkId: "n2" })).toBe(false);
		expect(hasMatchingPort(instance, { ...query, address: "10.0.0.6" })).toBe(false);
		expect(hasMatchingPort(instance, { macAddress: "fa:16:3e:00:00:02" })).toBe(false);
	});
});
