/** The address and mask of a network: whether they are there, and in a form that every client reads. */
import { isBits, parseMask } from "../addressing.ts";
import { memberPointer } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { onNetwork } from "./concerns.ts";

export const addressRules: readonly Rule[] = [
	{
		id: "address-missing",
		title: "A static network without an address",
		fix: "write ip_address, or a type that gets the address elsewhere",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "ip_address");
				if (!network.isStatic || !isBlank(value)) continue;
				const message = "the network is static and has no address";
				yield { pointer: memberPointer(network, "ip_address"), message, value, network };
			}
		},
	},
	{
		id: "address-invalid",
		title: "An invalid address",
		fix: "write the address as plain text, 10.0.0.5 or 2001:db8::5, and put the mask in netmask",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "ip_address");
				if (isBlank(value) || network.address) continue;
				const pointer = `${network.pointer}/ip_address`;
				yield { pointer, message: `${show(value)} is not a valid address`, value, network };
			}
		},
	},
	{
		id: "address-family",
		title: "A static network whose type is of the other family than its address",
		fix: "write ipv4 for an IPv4 address, ipv6 for an IPv6 address",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, type, version, isStatic, address } = network;
				if (!isStatic || !address || address.version === version) continue;
				const message = `the type is ${show(type)}, the address ${show(raw["ip_address"])}`;
				yield { pointer: `${pointer}/type`, message, network };
			}
		},
	},
	{
		id: "netmask-missing",
		title: "A static address without a mask",
		fix: "write netmask: 255.255.255.0, ffff:ffff:ffff:ffff::",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { raw, address, isStatic } = network;
				const value = member(raw, "netmask");
				if (!isStatic || !address || address.ownPrefix !== undefined || !isBlank(value)) continue;
				const message = `${show(raw["ip_address"])} has no mask`;
				yield { pointer: memberPointer(network, "netmask"), message, value, network };
			}
		},
	},
	{
		id: "netmask-invalid",
		title: "A mask that does not fit the address",
		fix: "write netmask: 255.255.255.0, ffff:ffff:ffff:ffff::",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, address, isStatic } = network;
				const value = member(raw, "netmask");
				if (!isStatic || !address || isBlank(value) || parseMask(value, address.version) !== undefined) continue;
				const message = `${show(value)} is not a valid mask for ${show(raw["ip_address"])}`;
				yield { pointer: `${pointer}/netmask`, message, value, network };
			}
		},
	},
	{
		id: "netmask-zero",
		title: "A mask of zeros",
		fix: "write the subnet's mask: 255.255.255.0, ffff:ffff:ffff:ffff::",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, address, isStatic } = network;
				const value = member(raw, "netmask");
				if (!isStatic || !address || address.ownPrefix !== undefined || isBlank(value)) continue;
				if (parseMask(value, address.version) !== 0) continue;
				yield { pointer: `${pointer}/netmask`, message: `the mask is ${show(value)}`, value, network };
			}
		},
	},
	{
		id: "netmask-bits",
		title: "A mask as a number of bits",
		fix: "write netmask: 255.255.255.0, ffff:ffff:ffff:ffff::",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "netmask");
				if (!network.isStatic || isBlank(value) || !isBits(value)) continue;
				yield { pointer: `${network.pointer}/netmask`, message: `the mask is ${show(value)}`, value, network };
			}
		},
	},
	{
		id: "netmask-number",
		title: "A mask as a JSON number",
		fix: "write netmask as text: 255.255.255.0, ffff:ffff:ffff:ffff::",
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "netmask");
				if (typeof value !== "number") continue;
				yield { pointer: `${network.pointer}/netmask`, message: `the mask is the number ${value}`, value, network };
			}
		},
	},
	{
		id: "address-prefix",
		title: "The mask after the address (`10.0.0.5/24`), and no `netmask`",
		fix: "write the plain address, and netmask beside it",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, isStatic, address } = network;
				if (!isStatic || address?.ownPrefix === undefined || !isBlank(member(raw, "netmask"))) continue;
				const message = `the address is ${show(raw["ip_address"])}, without netmask`;
				yield { pointer: `${pointer}/ip_address`, message, network };
			}
		},
	},
	{
		id: "address-prefix-and-netmask",
		title: "A mask after the address (`10.0.0.5/24`) and in `netmask` as well",
		fix: "write the plain address, and netmask beside it",
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, raw, isStatic, address } = network;
				if (!isStatic || address?.ownPrefix === undefined || isBlank(member(raw, "netmask"))) continue;
				const message = `the address is ${show(raw["ip_address"])}, with netmask ${show(raw["netmask"])}`;
				yield { pointer: `${pointer}/ip_address`, message, network };
			}
		},
	},
	{
		id: "ipv6-prefix-assumed",
		title: "An IPv6 subnet that is not a /64",
		fix: "nothing, unless such guests need to know their subnet",
		limitation: true,
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, isStatic, address, subnet } = network;
				if (!isStatic || subnet?.version !== 6 || address?.ownPrefix !== undefined) continue;
				if (subnet.prefixLength === 64) continue;
				yield { pointer: `${pointer}/netmask`, message: `the subnet is a /${subnet.prefixLength}`, network };
			}
		},
	},
	{
		id: "ipv6-netmask-unread",
		title: "A static IPv6 address, for clients that do not read its mask",
		fix: "nothing that suits every client: such guests need the mask after the address",
		limitation: true,
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, isStatic, address } = network;
				if (!isStatic || address?.version !== 6 || address.ownPrefix !== undefined) continue;
				yield { pointer, message: "the network is static IPv6", network };
			}
		},
	},
	{
		id: "address-on-automatic",
		title: "An address on a network that gets it by DHCP or SLAAC",
		fix: "nothing, as long as the guest is given this same address",
		limitation: true,
		concerns: onNetwork,
		*find({ networks }) {
			for (const network of networks) {
				const { pointer, isStatic, address } = network;
				if (isStatic || !address) continue;
				yield {
					pointer: `${pointer}/ip_address`,
					message: "the network has a fixed address although it is dynamic",
					network,
				};
			}
		},
	},
	{
		id: "network-id-of-neutron-missing",
		title: "A network without `network_id`",
		fix: "write the id of the Neutron network",
		*find({ networks }) {
			for (const network of networks) {
				const value = member(network.raw, "network_id");
				if (typeof value === "string" && value !== "") continue;
				const pointer = memberPointer(network, "network_id");
				yield { pointer, message: "the network has no network_id in text", value, network };
			}
		},
	},
];
