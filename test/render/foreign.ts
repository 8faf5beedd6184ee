/** Parts of documents of other makers, and what the files of a format say of such a document. */
import { expect } from "vitest";
import { readNetworkData } from "../../src/documents/read-network-data.ts";
import { render } from "../../src/render/index.ts";
import type { Meaning } from "./meaning.ts";
import { READERS, type ReadableFormat } from "./readers.ts";

export const foreignMac = (n: number) => `52:54:00:00:00:0${n}`;
export const foreignNic = (n: number, more: object = {}) => ({
	id: `nic${n}`,
	type: "phy",
	mtu: 1500,
	ethernet_mac_address: foreignMac(n),
	...more,
});
export const any4 = (gateway: string, more: object = {}) => ({
	network: "0.0.0.0",
	netmask: "0.0.0.0",
	gateway,
	...more,
});
export const fixed = (link: string, ip: string, more: object = {}) => ({
	id: `${link}-${ip}`,
	type: "ipv4",
	link,
	ip_address: ip,
	netmask: "255.255.255.0",
	routes: [],
	...more,
});
export const dhcp = (link: string) => ({ id: `${link}-dhcp`, type: "ipv4_dhcp", link });
export const dns = (address: string) => ({ type: "dns", address });

/** The interfaces in the files of a format, and the remarks of both steps. */
export function rendered(format: ReadableFormat, document: object) {
	const { data, remarks, originOf } = readNetworkData({ services: [], ...document });
	const rendering = render(format, data);
	const files = new Map(rendering.files.map(({ path, text }) => [path, text]));
	const meanings = READERS[format](files);
	const one = (name: string): Meaning => {
		const found = meanings.get(name);
		if (found === undefined) throw new Error(`${format} has no ${name}: ${[...meanings.keys()].join()}`);
		return found;
	};
	return { one, names: [...meanings.keys()], remarks: [...remarks, ...rendering.remarks], originOf };
}

/** A route in a meaning. */
export const via = (to: string, gateway: string, metric?: number) =>
	expect.objectContaining({ to, via: gateway, ...(metric === undefined ? {} : { metric }) });
