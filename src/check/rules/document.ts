/** The document as a whole: its shape and its three lists. */
import { printable } from "../../printable.ts";
import { type DocumentView, type ListView, LONGEST } from "../document-view.ts";
import { isBlank, isObject, type JsonObject, member, show } from "../json.ts";
import type { FoundFault, Rule } from "../rule.ts";

const NETWORK_CONFIG =
	": it is a network configuration of cloud-init's or netplan's own, which guests get as network-config on a drive labelled cidata";

export const documentRules: readonly Rule[] = [
	{
		id: "document-type",
		title: "The document is not a JSON object",
		fix: "serve an object with links, networks and services, or no network_data.json at all",
		*find({ root, value }) {
			if (!root) yield { pointer: "", message: "the document is not a JSON object", value };
		},
	},
	{
		id: "document-yaml",
		title: "The text is YAML, not JSON",
		fix: "write it as JSON, unless a program converts it for the guest, as Metal3 does with its secrets",
		*find({ notJson }) {
			if (notJson !== undefined)
				yield { pointer: "", message: `the text is not JSON, but reads as YAML: ${printable(notJson)}` };
		},
	},
	{
		id: "document-empty",
		title: "No links and no networks",
		fix: "serve no network_data.json (404, no file on the drive) to a guest without links",
		*find(document) {
			if (document.root && ["links", "networks"].every((name) => isBlank(listOf(document, name)?.value))) {
				const hint = isNetworkConfig(document.root) ? NETWORK_CONFIG : "";
				yield { pointer: "", message: `the document has neither links nor networks${hint}` };
			}
		},
	},
	{
		id: "networks-missing",
		title: "Links without any network",
		fix: "give each link a network: ipv4_dhcp if nothing else is known",
		*find({ lists, links }) {
			const networks = lists.find(({ name }) => name === "networks")?.value;
			if (links.length === 0 || !Array.isArray(networks) || networks.length > 0) return;
			yield { pointer: "/networks", message: "no link has a network" };
		},
	},
	{
		id: "list-missing",
		title: "`links` or `networks` is missing",
		fix: "write an empty list",
		*find({ root, lists }) {
			for (const { name, value } of root ? lists : []) {
				if (value === undefined && name !== "services") yield { pointer: "", message: `the document has no ${name}` };
			}
		},
	},
	{
		id: "list-type",
		title: "`links`, `networks` or `services` is null or not a list",
		fix: "write a list, even if it is empty",
		*find({ lists }) {
			for (const { name, value } of lists) {
				if (value === undefined || Array.isArray(value)) continue;
				yield { pointer: `/${name}`, message: `${name} is ${show(value)}, not a list`, value };
			}
		},
	},
	{
		id: "item-type",
		title: "An entry of `links`, `networks` or `services` is not an object",
		fix: "remove the entry",
		*find({ lists }) {
			for (const { name, items } of lists) {
				for (const [index, value] of items.entries()) {
					if (isObject(value)) continue;
					yield { pointer: `/${name}/${index}`, message: `the entry is ${show(value)}, not an object`, value };
				}
			}
		},
	},
	{
		id: "document-long",
		title: "A list is longer than the check reads",
		fix: "check the document in parts, if it really is that long",
		concernsCheck: true,
		*find({ lists, links, networks }) {
			for (const { name, value } of lists) yield* tooLong(`/${name}`, value, LONGEST[name]);
			for (const { pointer, raw } of links) {
				yield* tooLong(`${pointer}/bond_links`, raw["bond_links"], LONGEST.bond_links);
			}
			for (const { pointer, raw } of networks) {
				yield* tooLong(`${pointer}/routes`, raw["routes"], LONGEST.routes);
				yield* tooLong(`${pointer}/services`, raw["services"], LONGEST.services);
			}
		},
	},
];

/** Versions 1 and 2 of cloud-init's own format, the latter netplan's, too: with or without `network` around it. */
function isNetworkConfig(root: JsonObject): boolean {
	const network = member(root, "network");
	const config = isObject(network) ? network : root;
	return ["config", "ethernets", "bonds", "vlans", "bridges"].some((name) => Object.hasOwn(config, name));
}

function* tooLong(pointer: string, value: unknown, longest: number): Iterable<FoundFault> {
	if (!Array.isArray(value) || value.length <= longest) return;
	yield { pointer, message: `${value.length} entries; only the first ${longest} were checked` };
}

function listOf({ lists }: DocumentView, name: string): ListView | undefined {
	return lists.find((list) => list.name === name);
}
