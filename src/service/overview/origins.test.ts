import { describe, expect, it } from "vitest";
import { recordedInstances } from "../../../test/metadata-service.ts";
import { networkData } from "../../documents/network-data-full.ts";
import type { Instance, Port } from "../../instance/instance.ts";
import { type Origin, originsOf } from "./origins.ts";

const portsOf = ({ ports }: Instance): Port[] =>
	ports.flatMap((port) => [port, ...(port.trunk?.subports ?? []).map((subport) => subport.port)]);
const at = (document: unknown, pointer: string) =>
	pointer
		.split("/")
		.slice(1)
		.reduce((value, name) => (value as Record<string, unknown>)?.[name], document);

/** What the named resource really has. */
function actual(instance: Instance, { kind, id, member }: Origin): unknown {
	const ports = portsOf(instance);
	const port = ports.find((one) => one.id === id);
	const network = ports.find((one) => one.network.id === id)?.network;
	const subnet = ports.flatMap(({ fixedIps }) => fixedIps).find((one) => one.subnet.id === id)?.subnet;
	if (kind === "port" && member === "mac_address") return port?.macAddress;
	if (kind === "port" && member === "id") return port?.id;
	if (kind === "network" && member === "mtu") return network?.mtu;
	if (kind === "network" && member === "id") return network?.id;
	if (kind === "subnet" && member === "id") return subnet?.id;
	return undefined;
}

describe.each(recordedInstances.map((instance) => [instance.server?.name, instance] as const))(
	"%s",
	(_name, instance) => {
		const document = networkData(instance);
		const origins = document === undefined ? [] : originsOf(instance, document);

		it("has origins that exist, of values that exist", () => {
			for (const origin of origins) {
				if (origin.kind !== "setting") expect(at(document, origin.pointer), origin.pointer).toBeDefined();
				const value = actual(instance, origin);
				if (value !== undefined) expect(at(document, origin.pointer), origin.pointer).toEqual(value);
			}
		});

		it("explains every MAC address, address and MTU", () => {
			const explained = new Set(origins.map(({ pointer }) => pointer));
			for (const [index, link] of (document?.links ?? []).entries()) {
				if (link.vif_id === undefined) continue;
				if (link.mtu !== undefined) expect(explained).toContain(`/links/${index}/mtu`);
			}
			for (const index of document?.networks.keys() ?? []) expect(explained).toContain(`/networks/${index}/ip_address`);
		});
	},
);

it("says which setting omits a second default route", () => {
	const all = recordedInstances.flatMap((instance) => {
		const document = networkData(instance);
		return document === undefined ? [] : originsOf(instance, document);
	});
	expect(all.filter(({ kind }) => kind === "setting").map(({ id }) => id)).toContain("networkData.defaultRoutes");
});
