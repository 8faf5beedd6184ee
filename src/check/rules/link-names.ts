/** The names of links in the guest, beside each other and for the kernel. */
import { bondsOf } from "../bond-members.ts";
import type { DocumentView, LinkView } from "../document-view.ts";
import { memberPointer } from "../document-view.ts";
import { isBlank, member, show } from "../json.ts";
import type { Rule } from "../rule.ts";
import { LONGEST_NAME } from "./bond-macs.ts";

export const linkNameRules: readonly Rule[] = [
	{
		id: "link-name-repeated",
		title: "Two links with the same `name`",
		fix: "give each link a name of its own, or leave the names out",
		*find(document) {
			const seen = new Map<string, LinkView>();
			for (const link of document.links) {
				const name = nameOf(link, document);
				if (name === undefined) continue;
				const first = seen.get(name);
				if (!first) {
					seen.set(name, link);
					continue;
				}
				const message = `${first.pointer} has the name ${show(name)} already`;
				yield { pointer: memberPointer(link, "name"), message, value: name, link, otherLink: first };
			}
		},
	},
	{
		id: "link-name-unusable",
		title: "A `name` that the kernel or netplan refuses: longer than 15 characters, with a space, `/`, `:`, `%` or `*`",
		fix: "write a name of up to 15 letters, digits, dashes and dots, or leave it out",
		*find({ links }) {
			for (const link of links) {
				const value = member(link.raw, "name");
				if (link.kind === "vlan" || typeof value !== "string" || value === "" || isUsable(value)) continue;
				yield { pointer: `${link.pointer}/name`, message: `the link's name is ${show(value)}`, value, link };
			}
		},
	},
];

/** The link's name in the guest, as far as the document says: cloud-init numbers bonds without a name, by their places. */
function nameOf(link: LinkView, document: DocumentView): string | undefined {
	if (link.kind === "vlan") return undefined;
	const name = member(link.raw, "name");
	if (link.kind === "bond" && isBlank(name)) return `bond${bondsOf(document).indexOf(link)}`;
	return typeof name === "string" && name !== "" ? name : undefined;
}

/** A name that the kernel takes (dev_valid_name in net/core/dev.c), and netplan as well. */
function isUsable(name: string): boolean {
	return isKernelName(name) && !hasNetplanPattern(name);
}

/** Whether the kernel takes it for a new interface. `lo` is there already. */
export function isKernelName(name: string): boolean {
	const isLong = new TextEncoder().encode(name.slice(0, LONGEST_NAME + 1)).length > LONGEST_NAME;
	return !isLong && !/[\s\p{Cc}/:%]/u.test(name) && ![".", "..", "lo"].includes(name);
}

/** netplan takes such a name for a pattern, or for no name at all. */
export function hasNetplanPattern(name: string): boolean {
	return /[\s\p{Cc}*?[\]]/u.test(name);
}
