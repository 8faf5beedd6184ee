/** @module-tag slow */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hostileNetworkData, soundNetworkData, validNetworkData } from "../../test/arbitrary-network-data.ts";
import { canonicalCidr, canonicalIp, type Files, type Meanings } from "../../test/render/meaning.ts";
import { HOST_RESOLVER, READERS } from "../../test/render/readers.ts";
import type { Link, NetworkData, NetworkEntry } from "../documents/network-data.ts";
import { FORMATS, type Format, render } from "./index.ts";

const filesOf = (format: Format, data: NetworkData): Files =>
	new Map(render(format, data).files.map(({ path, text }) => [path, text]));

describe.each(FORMATS)("%s", (format) => {
	it("renders any valid document into files with safe, distinct paths", () => {
		fc.assert(
			fc.property(validNetworkData, (data) => {
				const { files, remarks } = render(format, data);
				const paths = files.map(({ path }) => path);
				expect(new Set(paths).size).toBe(paths.length);
				for (const { path, mode } of files) {
					expect(path).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]|\/(?=[A-Za-z0-9]))*$/);
					expect([0o600, 0o644, 0o755]).toContain(mode);
				}
				for (const { pointer } of remarks) expect(pointer).toMatch(/^(\/[a-z0-9_]+)+$/);
			}),
		);
	});

	it("is not open to injection through any text of the document", () => {
		fc.assert(
			fc.property(hostileNetworkData, (data) => {
				const rendering = render(format, data);
				expect(JSON.stringify(rendering.files)).not.toMatch(/evil/i);
				for (const { value = "" } of rendering.remarks) expect(value).not.toMatch(/[\p{Cc}\p{Cf}]/u);
			}),
			{ numRuns: 300 },
		);
	});
});

describe.each(Object.entries(READERS))("%s, read back", (format, read) => {
	it("has the links, addresses and routes of the document", () => {
		fc.assert(
			fc.property(soundNetworkData, (data) => {
				const { remarks } = render(format as Format, data);
				// cloud-init can't take some default routes with a metric.
				const dropped = remarks.filter(({ reason }) => reason.endsWith("the route is dropped"));
				const pointers = new Set(dropped.map(({ pointer }) => pointer));
				const meanings = read(filesOf(format as Format, data));
				const ofHost = HOST_RESOLVER.has(format as Format) ? searchOf(data.networks) : undefined;
				expect(bySort([...meanings.values()].map(actualOf))).toEqual(
					bySort(data.links.map((link) => expectedOf(link, data, pointers, ofHost))),
				);
			}),
		);
	});
});

const bySort = (all: readonly string[]) => all.toSorted();

/** What the files say about an interface, in the form of `expectedOf`. */
function actualOf(meaning: ReturnType<Meanings["get"]> & object): string {
	const { mac, mtu, vlan, bond, memberOf, dhcp4, addresses, routes, search } = meaning;
	return JSON.stringify({
		mac,
		mtu,
		vlan: vlan?.id,
		mode: bond?.mode,
		member: memberOf !== undefined,
		dhcp4,
		addresses: [...addresses].toSorted(),
		routes: routes.map(({ to, via }) => `${to} ${via}`).toSorted(),
		search: [...search].toSorted(),
	});
}

function searchOf(networks: readonly NetworkEntry[]): string[] {
	return [...new Set(networks.flatMap((entry) => entry.dns_search ?? []))].toSorted();
}

/** @param search the host's search domains; default: those of the link */
function expectedOf(
	link: Link,
	{ links, networks }: NetworkData,
	dropped: ReadonlySet<string>,
	search?: readonly string[],
): string {
	const mine = networks.filter((entry) => entry.link === link.id);
	const fixed = mine.filter(({ type }) => type === "ipv4" || type === "ipv6");
	const routes = networks.flatMap((entry, i) =>
		(entry.routes ?? []).filter((_, n) => entry.link === link.id && !dropped.has(`/networks/${i}/routes/${n}`)),
	);
	return JSON.stringify({
		mac: link.type === "vlan" ? link.vlan_mac_address : link.ethernet_mac_address,
		mtu: link.mtu,
		vlan: link.type === "vlan" ? link.vlan_id : undefined,
		mode: link.type === "bond" ? link.bond_mode : undefined,
		member: links.some((other) => other.type === "bond" && other.bond_links.includes(link.id)),
		dhcp4: mine.some(({ type }) => type === "ipv4_dhcp"),
		addresses: fixed.map((entry) => canonicalCidr(entry.ip_address ?? "", entry.netmask)).toSorted(),
		routes: routes.map((r) => `${canonicalCidr(r.network, r.netmask)} ${canonicalIp(r.gateway)}`).toSorted(),
		search: search ?? searchOf(mine),
	});
}
