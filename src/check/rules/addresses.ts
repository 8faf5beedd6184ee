/** An entry's address and mask: whether they are there, and in a form that every client reads. */
import { isBits, parseMask } from "../addressing.ts";
import { type Client, type ClientSet, without } from "../clients.ts";
import { type NetworkView, placeOf } from "../document-view.ts";
import {
	afterburnFails,
	afterburnGivesUp,
	keyError,
	nuageinitStops,
	systemRefuses,
	valueError,
	windowsPluginFails,
} from "../effects.ts";
import { isBlank, member, show } from "../json.ts";
import { crash, ignored, lost, type Rule, wrong } from "../rule.ts";

export const addressRules: readonly Rule[] = [
	{
		id: "address-missing",
		title: "A static network without an address",
		fix: "write ip_address, or a type that gets the address elsewhere",
		effects: {
			"cloud-init": valueError,
			"cloudbase-init": windowsPluginFails,
			talos: lost("configures no address"),
			glean: crash("stops, or writes None for the address"),
			nuageinit: nuageinitStops,
			afterburn: lost("configures no address"),
		},
		*find({ networks }) {
			for (const network of networks) {
				if (!network.isStatic || !isBlank(member(network.raw, "ip_address"))) continue;
				const message = "the network is static and has no address";
				yield { pointer: placeOf(network, "ip_address"), message, only: network.readBy };
			}
		},
	},
	{
		id: "address-invalid",
		title: "An address that is none",
		fix: "write the address as plain text, 10.0.0.5 or 2001:db8::5, and its mask into netmask",
		effects: {
			"cloud-init": valueError,
			"cloudbase-init": windowsPluginFails,
			talos: crash('"failed to parse ip address": no networking from the document'),
			glean: systemRefuses,
			nuageinit: systemRefuses,
			afterburn: afterburnFails,
		},
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "ip_address");
				if (isBlank(value) || network.address) continue;
				// Talos reads an address on every type, but text alone.
				const only = new Set(
					network.isStatic ? network.readBy : network.readBy.has("talos") ? (["talos"] as const) : [],
				);
				if (typeof value !== "string") only.delete("talos");
				yield { pointer: `${network.pointer}/ip_address`, message: `${show(value)} is no address`, only };
			}
		},
	},
	{
		id: "address-family",
		title: "A static network whose type names the other family than its address",
		fix: "write ipv4 for an IPv4 address, ipv6 for an IPv6 address",
		effects: {
			glean: lost("writes the address as one of the other family: the system refuses it"),
			nuageinit: lost("writes the address as one of the other family: the system refuses it"),
		},
		*find({ networks }) {
			for (const { pointer, raw, type, version, isStatic, address, readBy } of networks) {
				if (!isStatic || !address || address.version === version) continue;
				const message = `the type is ${show(type)}, the address ${show(raw["ip_address"])}`;
				yield { pointer: `${pointer}/type`, message, only: readBy };
			}
		},
	},
	{
		id: "netmask-missing",
		title: "A static address without a mask",
		fix: "write netmask: 255.255.255.0, ffff:ffff:ffff:ffff::",
		effects: {
			"cloud-init": wrong("assumes /24, for IPv6 /64"),
			"cloudbase-init": crash("the network plugin fails: no further address is set"),
			talos: wrong("assumes /32, for IPv6 /128: no neighbour and no gateway can be reached"),
			glean: crash("stops, or writes None for the mask"),
			nuageinit: nuageinitStops,
			afterburn: wrong("assumes /32, for IPv6 /128: no neighbour and no gateway can be reached"),
		},
		*find({ networks }) {
			for (const network of networks) {
				const { raw, address, isStatic } = network;
				if (!isStatic || !address || address.ownPrefix !== undefined || !isBlank(member(raw, "netmask"))) continue;
				const message = `${show(raw["ip_address"])} has no mask`;
				yield { pointer: placeOf(network, "netmask"), message, only: maskReaders(network) };
			}
		},
	},
	{
		id: "netmask-invalid",
		title: "A mask that is none for the address",
		fix: "write netmask: 255.255.255.0, ffff:ffff:ffff:ffff::",
		effects: {
			"cloud-init": valueError,
			"cloudbase-init": windowsPluginFails,
			talos: crash("no networking from the document, or an address without a subnet"),
			glean: systemRefuses,
			nuageinit: systemRefuses,
			afterburn: afterburnFails,
		},
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, address, isStatic } = network;
				const mask = member(raw, "netmask");
				if (!isStatic || !address || isBlank(mask) || parseMask(mask, address.version) !== undefined) continue;
				const message = `${show(mask)} is no mask for ${show(raw["ip_address"])}`;
				yield { pointer: `${pointer}/netmask`, message, only: withoutOwnPrefix(network, "cloud-init", "talos") };
			}
		},
	},
	{
		id: "netmask-bits",
		title: "A mask as a number of bits",
		fix: "write netmask: 255.255.255.0, ffff:ffff:ffff:ffff::",
		effects: {
			glean: wrong("writes it as it is, which Debian alone takes; for IPv6 it expects a full mask"),
			nuageinit: lost("ifconfig reads 24 as the mask 0.0.0.24"),
		},
		*find({ networks }) {
			for (const network of networks) {
				const mask = member(network.raw, "netmask");
				if (!network.isStatic || isBlank(mask) || !isBits(mask)) continue;
				yield {
					pointer: `${network.pointer}/netmask`,
					message: `the mask is ${show(mask)}`,
					only: maskReaders(network),
				};
			}
		},
	},
	{
		id: "netmask-number",
		title: "A mask as a JSON number",
		fix: "write netmask as text: 255.255.255.0, ffff:ffff:ffff:ffff::",
		effects: {
			talos: wrong("drops it and assumes /32, for IPv6 /128: no neighbour and no gateway can be reached"),
			afterburn: afterburnGivesUp,
		},
		*find({ networks }) {
			for (const network of networks) {
				const mask = member(network.raw, "netmask");
				if (typeof mask !== "number") continue;
				// Afterburn parses the netmask of every entry.
				const only = new Set<Client>([...withoutOwnPrefix(network, "talos"), "afterburn"]);
				yield { pointer: `${network.pointer}/netmask`, message: `the mask is the number ${mask}`, only };
			}
		},
	},
	{
		id: "address-prefix",
		title: "The mask behind the address (`10.0.0.5/24`) and no `netmask`",
		fix: "write the plain address, and netmask beside it",
		effects: {
			glean: keyError,
			nuageinit: nuageinitStops,
		},
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, isStatic, address } = network;
				if (!isStatic || address?.ownPrefix === undefined || !isBlank(member(raw, "netmask"))) continue;
				const message = `the address is ${show(raw["ip_address"])}, without netmask`;
				yield { pointer: `${pointer}/ip_address`, message, only: maskReaders(network) };
			}
		},
	},
	{
		id: "address-prefix-and-netmask",
		title: "A mask behind the address (`10.0.0.5/24`) and in `netmask` too",
		fix: "write the plain address, and netmask beside it",
		effects: {
			"cloudbase-init": windowsPluginFails,
			glean: lost("writes both: the system refuses them"),
			nuageinit: lost("writes both: the system refuses them"),
			afterburn: afterburnFails,
		},
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, isStatic, address } = network;
				if (!isStatic || address?.ownPrefix === undefined || isBlank(member(raw, "netmask"))) continue;
				const message = `the address is ${show(raw["ip_address"])}, with netmask ${show(raw["netmask"])}`;
				yield { pointer: `${pointer}/ip_address`, message, only: maskReaders(network) };
			}
		},
	},
	{
		id: "ipv6-prefix-assumed",
		title: "An IPv6 subnet that is no /64",
		fix: "nothing, unless FreeBSD guests need to know their subnet",
		limitation: true,
		effects: { nuageinit: wrong("doesn't read the mask: the address gets a /64") },
		*find({ networks }) {
			for (const { pointer, isStatic, address, subnet, readBy } of networks) {
				if (!isStatic || subnet?.version !== 6 || address?.ownPrefix !== undefined || subnet.prefixLength === 64)
					continue;
				yield { pointer: `${pointer}/netmask`, message: `the subnet is a /${subnet.prefixLength}`, only: readBy };
			}
		},
	},
	{
		id: "address-on-automatic",
		title: "An address on a network that gets it elsewhere",
		fix: "nothing, as long as the address is the one that the guest is given",
		limitation: true,
		effects: { talos: ignored("sets it as a static address too, beside DHCP or SLAAC") },
		*find({ networks }) {
			for (const { pointer, isStatic, address, readBy } of networks) {
				if (isStatic || !address) continue;
				yield { pointer: `${pointer}/ip_address`, message: "the address is told beforehand", only: readBy };
			}
		},
	},
];

/** nuageinit reads no IPv6 mask. */
function maskReaders({ readBy, address }: NetworkView): ClientSet {
	return address?.version === 6 ? without(readBy, "nuageinit") : readBy;
}

/** To these clients the prefix behind an address goes before the mask. */
function withoutOwnPrefix(network: NetworkView, ...clients: Client[]): ClientSet {
	const readers = maskReaders(network);
	return network.address?.ownPrefix === undefined ? readers : without(readers, ...clients);
}
