/** The document as a whole: its shape, its three lists. */
import { allBut, type Client, type ClientSet, without } from "../clients.ts";
import { type DocumentView, type ListView, LONGEST } from "../document-view.ts";
import { afterburnGivesUp, gleanStops, nuageinitStops, windowsPluginFails } from "../effects.ts";
import { isBlank, isObject, show } from "../json.ts";
import { crash, type Hit, ignored, lost, type Rule, wrong } from "../rule.ts";

export const documentRules: readonly Rule[] = [
	{
		id: "document-type",
		title: "The document is no JSON object",
		fix: "serve an object with links, networks and services, or no network_data.json at all",
		effects: {
			"cloud-init": crash("the document can't be converted: no NIC is configured"),
			"cloudbase-init": windowsPluginFails,
			talos: wrong("takes it for an empty document: DHCPv4 on every NIC"),
			glean: crash("stops on null or a number; takes a list or text for no document: DHCP on every NIC"),
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
		},
		*find({ root }) {
			if (!root) yield { pointer: "", message: "the document is not a JSON object" };
		},
	},
	{
		id: "document-empty",
		title: "No links and no networks",
		fix: "serve no network_data.json (404, no file on the drive) for a guest without links",
		effects: {
			"cloud-init": lost("an empty configuration is one too: no NIC comes up, and its own DHCP fallback is off"),
			"cloudbase-init": ignored("does nothing: Windows' own DHCP stays"),
			talos: ignored("runs its default DHCPv4 on every NIC"),
			glean: ignored("DHCP on every NIC"),
			nuageinit: lost("configures no NIC, or stops where the lists are missing"),
			afterburn: ignored("leaves the system's default network arguments"),
		},
		*find(document) {
			if (document.root && ["links", "networks"].every((name) => isBlank(listOf(document, name)?.value))) {
				yield { pointer: "", message: "the document has neither links nor networks" };
			}
		},
	},
	{
		id: "list-missing",
		title: "`links` or `networks` is missing",
		fix: "write an empty list",
		effects: {
			glean: wrong("takes the document for none: DHCP on every NIC"),
			nuageinit: nuageinitStops,
		},
		*find({ root, lists }) {
			for (const { name, value } of root ? lists : []) {
				if (value === undefined && name !== "services") yield { pointer: "", message: `the document has no ${name}` };
			}
		},
	},
	{
		id: "list-type",
		title: "`links`, `networks` or `services` is null or no list",
		fix: "write a list, empty if need be",
		effects: {
			"cloud-init": crash("TypeError: no NIC is configured"),
			"cloudbase-init": windowsPluginFails,
			talos: lost("takes it for an empty list"),
			glean: gleanStops,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
		},
		*find(document) {
			for (const list of document.lists) {
				const { name, value } = list;
				if (value === undefined || Array.isArray(value)) continue;
				yield {
					pointer: `/${name}`,
					message: `${name} is ${show(value)}, not a list`,
					only: hitByNoList(list, document),
				};
			}
		},
	},
	{
		id: "item-type",
		title: "An entry of `links`, `networks` or `services` is no object",
		fix: "take the entry out",
		effects: {
			"cloud-init": crash("no NIC is configured"),
			"cloudbase-init": windowsPluginFails,
			talos: ignored("leaves the entry out"),
			glean: gleanStops,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
		},
		*find(document) {
			for (const { name, items } of document.lists) {
				for (const [index, item] of items.entries()) {
					if (isObject(item)) continue;
					const message = `the entry is ${show(item)}, not an object`;
					yield { pointer: `/${name}/${index}`, message, only: readersOf(name, document) };
				}
			}
		},
	},
	{
		id: "document-long",
		title: "A list is longer than the check reads",
		fix: "check the document in parts, if it is meant",
		effects: {},
		*find({ lists, links, networks }) {
			for (const { name, value } of lists) yield* cut(`/${name}`, value, LONGEST[name]);
			for (const { pointer, raw } of links) yield* cut(`${pointer}/bond_links`, raw["bond_links"], LONGEST.bond_links);
			for (const { pointer, raw } of networks) {
				yield* cut(`${pointer}/routes`, raw["routes"], LONGEST.routes);
				yield* cut(`${pointer}/services`, raw["services"], LONGEST.services);
			}
		},
	},
];

function* cut(pointer: string, value: unknown, longest: number): Iterable<Hit> {
	if (!Array.isArray(value) || value.length <= longest) return;
	yield { pointer, message: `${value.length} entries: only the first ${longest} were checked` };
}

function listOf({ lists }: DocumentView, name: string): ListView | undefined {
	return lists.find((list) => list.name === name);
}

/** To Python an empty text or object is as good as an empty list. */
function hitByNoList({ name, value }: ListView, document: DocumentView): ClientSet {
	const spared: Client[] = isEmptyContainer(value) ? ["cloud-init", "cloudbase-init", "glean"] : [];
	// To Talos name servers are no links and no networks.
	if (name === "services") spared.push("talos");
	return without(readersOf(name, document), ...spared);
}

/** cloud-init goes through the networks once for each link: without one it never comes there. */
function readersOf(name: ListView["name"], document: DocumentView): ClientSet {
	return name === "networks" && document.links.length === 0 ? allBut("cloud-init") : allBut();
}

function isEmptyContainer(value: unknown): boolean {
	return value === "" || (isObject(value) && isBlank(value));
}
