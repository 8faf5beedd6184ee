/** What every link needs: an id, a type, for a NIC its MAC address. */
import { isMac } from "../addressing.ts";
import { allBut, CLOUD_INIT_NIC_TYPES, type Client, TALOS_NIC_TYPES } from "../clients.ts";
import { type LinkView, macOf, placeOf } from "../document-view.ts";
import { afterburnFails, afterburnGivesUp, gleanStops, keyError, nuageinitStops } from "../effects.ts";
import { isBlank, member, show } from "../json.ts";
import { crash, ignored, lost, type Rule, wrong } from "../rule.ts";

export const linkRules: readonly Rule[] = [
	{
		id: "link-id-missing",
		title: "A link without an id in text",
		fix: "give each link an id of its own, as text",
		effects: {
			"cloud-init": keyError,
			"cloudbase-init": crash("can't rename the adapter to the link's id: nothing is configured"),
			talos: lost("no network can name the link"),
			glean: keyError,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
		},
		*find({ links }) {
			for (const { pointer, raw, id } of links) {
				if (id === undefined) yield { pointer, message: "the link has no id" };
				else if (typeof id !== "string") {
					const message = `the link's id is ${show(id)}, not text`;
					// Python takes any value that can be a dictionary's key, Lua any at all.
					const only =
						id !== null && typeof id === "object" ? allBut("nuageinit") : allBut("cloud-init", "glean", "nuageinit");
					yield { pointer: `${pointer}/id`, message, only: member(raw, "id") === undefined ? allBut() : only };
				}
			}
		},
	},
	{
		id: "link-id-repeated",
		title: "Two links with one id",
		fix: "give each link an id of its own",
		effects: {
			"cloud-init": wrong("gives each of them the addresses of both"),
			"cloudbase-init": crash("can't give two adapters one name: no address is set"),
			talos: lost("the last of them gets every network, the others none"),
			glean: lost("the last of them gets every network, the others DHCP"),
			nuageinit: lost("the last of them gets every network, the others none"),
			afterburn: lost("the last of them gets every network, the others none"),
		},
		*find({ links, linkById }) {
			for (const link of links) {
				const first = linkById(link.id);
				if (first === link || first === undefined || typeof link.id !== "string") continue;
				// One adapter twice is renamed once.
				const only = macOf(first) === macOf(link) ? allBut("cloudbase-init") : allBut();
				yield { pointer: `${link.pointer}/id`, message: `the id ${show(link.id)} is ${first.pointer}'s already`, only };
			}
		},
	},
	{
		id: "link-type-missing",
		title: "A link without a type in text",
		fix: 'write "phy", or what the link is',
		effects: {
			"cloud-init": keyError,
			talos: lost("ignores the link and all its networks"),
			glean: keyError,
			afterburn: afterburnGivesUp,
		},
		*find({ links }) {
			for (const { pointer, raw } of links) {
				const type = member(raw, "type");
				if (type === undefined) yield { pointer, message: "the link has no type" };
				else if (typeof type !== "string") {
					const message = `the link's type is ${show(type)}, not text`;
					yield { pointer: `${pointer}/type`, message, only: allBut("cloud-init", "glean") };
				}
			}
		},
	},
	{
		id: "link-type-unknown",
		title: "A link type that not every client takes (`dvs`, `hyperv`, `cascading`, `linux_bridge` …)",
		fix: 'write "phy": the type tells a guest nothing',
		effects: {
			"cloud-init": ignored("warns that it doesn't know the type, and takes the link for a NIC"),
			talos: lost("ignores the link and its addresses; its default DHCPv4 runs on the NIC"),
		},
		*find({ links }) {
			for (const link of links) {
				const type = member(link.raw, "type");
				if (link.kind !== "nic" || typeof type !== "string" || TALOS_NIC_TYPES.includes(type)) continue;
				const hit = new Set<Client>();
				if (!CLOUD_INIT_NIC_TYPES.includes(type)) hit.add("cloud-init");
				// Where DHCPv4 is all that the link has, Talos's default does the same.
				if (link.networks.some((network) => network.type !== "ipv4_dhcp")) hit.add("talos");
				yield { pointer: `${link.pointer}/type`, message: `the link's type is ${show(type)}`, only: hit };
			}
		},
	},
	{
		id: "nic-name",
		title: "A NIC with a `name`",
		fix: "leave the name out, unless the NIC is to be renamed",
		effects: {
			"cloud-init": ignored("renames the NIC to it"),
			afterburn: ignored("takes it for the NIC's name instead of finding the NIC by its MAC address in the initramfs"),
		},
		*find({ links }) {
			for (const link of links) {
				const name = member(link.raw, "name");
				if (link.kind === "nic" && typeof name === "string") {
					yield { pointer: `${link.pointer}/name`, message: `the NIC is called ${show(name)}` };
				}
			}
		},
	},
	{
		id: "nic-mac-missing",
		title: "A NIC without a MAC address",
		fix: "write the NIC's MAC address into ethernet_mac_address",
		effects: {
			"cloud-init": crash('ValueError "No mac_address or name entry": no NIC is configured'),
			"cloudbase-init": crash("looks for an adapter without address: nothing is configured"),
			talos: wrong("guesses the NIC: eth and the link's place in the list"),
			glean: gleanStops,
			nuageinit: nuageinitStops,
			afterburn: lost("leaves the link out"),
		},
		*find({ links }) {
			for (const link of links) {
				if (link.kind !== "nic" || !isBlank(member(link.raw, "ethernet_mac_address"))) continue;
				const only = Object.hasOwn(link.raw, "name") ? allBut("cloud-init", "afterburn") : allBut();
				yield { pointer: placeOf(link, "ethernet_mac_address"), message: "the NIC has no MAC address", only };
			}
		},
	},
	{
		id: "nic-mac-invalid",
		title: "A NIC whose MAC address is not in the form `52:54:00:12:34:56`",
		fix: "write six pairs of hexadecimal digits with colons",
		effects: {
			"cloud-init": crash('ValueError "Unable to find a system nic": no NIC is configured'),
			"cloudbase-init": crash("finds no adapter of that address: nothing is configured"),
			talos: wrong("guesses the NIC: eth and the link's place in the list"),
			glean: lost("finds no NIC of that address: DHCP on the NIC"),
			nuageinit: crash("finds no NIC of that address and stops: no network, host name or users"),
			afterburn: afterburnFails,
		},
		*find({ links }) {
			for (const link of links) {
				const mac = member(link.raw, "ethernet_mac_address");
				if (link.kind !== "nic" || isBlank(mac) || isMac(mac)) continue;
				const named = typeof mac === "string" && Object.hasOwn(link.raw, "name");
				const message = `${show(mac)} is no MAC address`;
				yield {
					pointer: placeOf(link, "ethernet_mac_address"),
					message,
					only: named ? allBut("cloud-init") : allBut(),
				};
			}
		},
	},
	{
		id: "nic-mac-repeated",
		title: "Two NICs with one MAC address",
		fix: "list each NIC once; several addresses are several networks on one link",
		effects: {
			"cloud-init": lost("the last link's addresses take the place of the others'"),
			"cloudbase-init": crash("renames one adapter twice, then can't find it by its first name"),
			glean: lost("on Red Hat the last link's addresses take the place of the others'"),
			nuageinit: lost("the last link's addresses take the place of the others'"),
			afterburn: lost("two connections for one NIC: one of them is used"),
		},
		*find({ links }) {
			const seen = new Map<string, LinkView>();
			for (const link of links) {
				const mac = link.kind === "nic" ? macOf(link) : undefined;
				if (mac === undefined) continue;
				const first = seen.get(mac);
				if (!first) {
					seen.set(mac, link);
					continue;
				}
				const only = first.id === link.id ? allBut("cloudbase-init") : allBut();
				const message = `the MAC address ${mac} is ${first.pointer}'s already`;
				yield { pointer: placeOf(link, "ethernet_mac_address"), message, only };
			}
		},
	},
];
