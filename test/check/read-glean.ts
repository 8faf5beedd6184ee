/**
 * What the files mean that glean writes for each distribution, as the programs of that distribution read them: ifupdown,
 * NetworkManager, wicked, netifrc and systemd-networkd. What a program does not know is left out.
 */
import { isEthernetMac } from "../../src/instance/addresses.ts";
import {
	canonicalCidr,
	canonicalIp,
	type Files,
	type Meaning,
	type Meanings,
	meaningOf,
	route,
} from "../render/meaning.ts";
import { readEni } from "../render/read-eni.ts";
import { readKeyfiles } from "../render/read-keyfiles.ts";
import { readNetworkd } from "../render/read-networkd.ts";
import { readSysconfig } from "../render/read-sysconfig.ts";
import type { DISTRIBUTIONS } from "./glean.ts";

type Distribution = (typeof DISTRIBUTIONS)[number];

/** Interfaces by name. Their name servers are those of the whole guest, which has one resolv.conf. */
export function readGlean(distribution: Distribution, files: Files): Meanings {
	const meanings = READ[distribution](files);
	meanings.delete("lo");
	const servers = [...(files.get("/etc/resolv.conf") ?? "").matchAll(/^nameserver (.*)$/gm)].map(([, text = ""]) =>
		canonicalIp(text),
	);
	const all = new Set([...servers, ...[...meanings.values()].flatMap(({ dns }) => [...dns])]);
	for (const meaning of meanings.values()) meaning.dns = all;
	return meanings;
}

const READ: Readonly<Record<Distribution, (files: Files) => Meanings>> = {
	debian: readDebian,
	redhat: readRedHat,
	"redhat-keyfiles": readKeyfiles,
	suse: readSuse,
	gentoo: readGentoo,
	networkd: readSystemd,
};

/** A VLAN's tag and parent are in its name. */
function tagOf(name: string): { vlan?: { id: number; parent: string } } {
	const [, parent = "", id = ""] = /^(.*)\.(\d+)$/.exec(name) ?? [];
	return id === "" ? {} : { vlan: { id: Number(id), parent } };
}

/** Options that ifupdown does not know, or that undo what others do. */
const UNUSED = /^\s*(hw-mac-address|pre-down|down|bond-slaves|bond-master) .*\n/gm;

function readDebian(files: Files): Meanings {
	// ifupdown leaves out the rest of a file after an option without a value.
	const text = [...files]
		.flatMap(([path, each]) => (path.endsWith(".cfg") ? [each.replace(/^\s+\S+ *\n[\s\S]*/m, "")] : []))
		.join("");
	if (/ inet static\n( {4}.*\n)*? {4}address .*:/.test(text)) throw new Error("an IPv6 address of an IPv4 interface");
	const members = [...text.matchAll(/post-up ifenslave (\S+) (.*)\n/g)];
	const meanings = readEni(
		text
			.replace(UNUSED, "")
			.replace(/^\s*post-up ifenslave .*\n/gm, "")
			.replace(/up route add -net (\S+) netmask (\S+) gw/g, (_, to: string, mask: string) => {
				return `up route add -net ${canonicalCidr(to, dotted(mask === "0" ? "0.0.0.0" : mask))} gw`;
			})
			.replace(/up ip -6 route add (\S+ via \S+) dev \S+/g, "up ip -family inet6 route add $1"),
	);
	for (const [name, meaning] of meanings) Object.assign(meaning, tagOf(name));
	for (const [, bond = "", names = ""] of members)
		for (const name of names.split(" ").filter(Boolean)) meaningOf(meanings, name).memberOf = bond;
	return meanings;
}

/** A mask as a number of bits would have another name. */
const NOT_DOTTED = /^NETMASK\d*=(?!\d+\.\d+\.\d+\.\d+$)/m;

function readRedHat(files: Files): Meanings {
	if ([...files.values()].some((text) => NOT_DOTTED.test(text) || /^IPADDR=.*:/m.test(text))) {
		throw new Error("not an IPv4 address with its mask");
	}
	const meanings = readSysconfig(files);
	// Any interface that a slave names as its master becomes a bond, whatever its own file says.
	for (const { memberOf } of meanings.values()) if (memberOf !== undefined) meaningOf(meanings, memberOf).bond = {};
	for (const [name, meaning] of meanings) {
		if (!meaning.vlan) continue;
		Object.assign(meaning, tagOf(name));
		// HWADDR does not set the address: the VLAN must have it, and has its parent's.
		const parent = meanings.get(meaning.vlan.parent)?.mac;
		if (meaning.mac !== undefined && parent !== undefined && meaning.mac !== parent) meanings.delete(name);
	}
	return meanings;
}

type Variables = Map<string, string>;

/** A shell script of assignments: the last one counts. */
function readShell(text: string): Variables {
	return new Map(
		[...text.matchAll(/^(\w[\w.-]*)=("([^"]*)"|\S*)$/gm)].map(([, key = "", plain = "", quoted]) => [
			key,
			quoted ?? plain,
		]),
	);
}

/** wicked: an IPv6 address would be in IPADDR, too, and a route to it in the same file as the others. */
function readSuse(files: Files): Meanings {
	const meanings: Meanings = new Map();
	for (const [path, text] of files) {
		const [, kind, name = ""] = /network\/(ifcfg|ifroute)-(.*)$/.exec(path) ?? [];
		if (kind === "ifcfg") readSuseLink(readShell(text), name, meanings);
		if (kind === "ifroute") meaningOf(meanings, name).routes.push(...text.trim().split("\n").map(readSuseRoute));
	}
	return meanings;
}

function readSuseLink(variables: Variables, name: string, meanings: Meanings): void {
	const meaning = meaningOf(meanings, name);
	const mac = (variables.get("LLADDR") ?? "").toLowerCase();
	if (!isEthernetMac(mac)) throw new Error(`not a MAC address: ${mac}`);
	meaning.mac = mac;
	meaning.dhcp4 = variables.get("BOOTPROTO") === "dhcp";
	const address = variables.get("IPADDR");
	if (address !== undefined) meaning.addresses.add(canonicalCidr(address, dotted(variables.get("NETMASK") ?? "")));
	const tag = variables.get("VLAN_ID");
	if (tag !== undefined) meaning.vlan = { id: Number(tag), parent: variables.get("ETHERDEVICE") ?? "" };
	if (variables.get("BONDING_MASTER") === "yes") meaning.bond = {};
	for (const [key, member] of variables)
		if (key.startsWith("BONDING_SLAVE_")) meaningOf(meanings, member).memberOf = name;
}

function readSuseRoute(line: string) {
	const [to = "", gateway = "", mask] = line.split(" ");
	return route(to === "default" ? to : canonicalCidr(to, dotted(mask ?? "")), gateway);
}

/** A mask in the only form that wicked, netifrc and `route` read for IPv4. */
function dotted(mask: string): string {
	if (!/^\d+\.\d+\.\d+\.\d+$/.test(mask)) throw new Error(`not a mask: ${mask}`);
	return mask;
}

/** netifrc: the variables of an interface end with its name. */
function readGentoo(files: Files): Meanings {
	const meanings: Meanings = new Map();
	for (const [path, text] of files) {
		const [, name = ""] = /conf\.d\/net\.(.*)$/.exec(path) ?? [];
		if (name === "") continue;
		const variables = readShell(text);
		readGentooLink(variables, name, meaningOf(meanings, name));
		for (const tag of variables.get(`vlans_${name}`)?.split(" ") ?? []) {
			const meaning = meaningOf(meanings, `${name}.${tag}`);
			meaning.vlan = { id: Number(tag), parent: name };
			readGentooLink(variables, `${name}_${tag}`, meaning);
		}
		for (const member of variables.get(`slaves_${name}`)?.split(" ") ?? []) meaningOf(meanings, member).memberOf = name;
	}
	return meanings;
}

function readGentooLink(variables: Variables, name: string, meaning: Meaning): void {
	const mac = variables.get(`mac_${name}`);
	if (mac !== undefined) meaning.mac = mac.toLowerCase();
	const config = variables.get(`config_${name}`) ?? "null";
	const [, address, mask] = /^(\S+) netmask (\S+)$/.exec(config) ?? [];
	if (address !== undefined) meaning.addresses.add(canonicalCidr(address, dotted(mask ?? "")));
	meaning.dhcp4 = config === "dhcp";
	const mode = variables.get(`mode_${name}`);
	if (mode !== undefined) meaning.bond = { mode };
	for (const line of variables.get(`routes_${name}`)?.split("\n") ?? []) {
		const [, to = "", mask, gateway = ""] = /^(\S+)(?: netmask (\S+))? via (\S+)$/.exec(line) ?? [];
		meaning.routes.push(route(to === "default" ? to : canonicalCidr(to, dotted(mask ?? "")), gateway));
	}
}

/** The last of several assignments counts, a time without a unit is in seconds, and a device without a kind is ignored. */
function readSystemd(files: Files): Meanings {
	const known = [...files].filter(([path, text]) => path.endsWith(".network") || /^Kind=/m.test(text));
	return readNetworkd(
		new Map(
			known.map(([path, text]) => [
				path.replace(/.*\//, "10-guestwire-"),
				text
					.replace(/^(DHCP|IPv6AcceptRA)=.*\n(?=\1=)/gm, "")
					.replace(/^MIIMonitorSec=([\d.]+)$/gm, (_, seconds: string) => `MIIMonitorSec=${Number(seconds) * 1000}`)
					// systemd knows the modes by their names.
					.replace(/^Mode=\d\n/gm, "")
					.replace(new RegExp(`^VLAN=${path.replace(/.*\/|\.network$/g, "")}\n`, "m"), ""),
			]),
		),
	);
}
