/** How many search domains there are, and how long their list is. */
import { bounded, type DocumentView, LONGEST } from "../document-view.ts";
import { member } from "../json.ts";
import type { Rule } from "../rule.ts";

/** The limits of resolv.conf before glibc 2.26: MAXDNSRCH, and the bytes of the line (resolv.conf(5)). */
const MOST_DOMAINS = 6;
const LONGEST_LIST = 256;

export const searchDomainRules: readonly Rule[] = [
	{
		id: "dns-search-long",
		title: "More than six search domains, or more than 256 characters of them, on all links together",
		fix: "leave search domains out, or give several networks the same one",
		*find(document) {
			const domains = [...networkSearchDomains(document), ...ownSearchDomains(document)];
			if (fitsResolvConf(domains)) return;
			const distinct = [...new Set(domains)];
			const message = `${distinct.length} search domains, of ${distinct.join(" ").length} characters`;
			yield { pointer: "", message };
		},
	},
];

/** Whether a list in resolv.conf can have them all, whatever the version of glibc. An item may hold several, after spaces. */
export function fitsResolvConf(domains: readonly string[]): boolean {
	let list: readonly string[] = [];
	for (const domain of domains) {
		if (list.includes(domain)) continue;
		const text = [...list, domain].join(" ");
		if (list.length >= MOST_DOMAINS || text.length > LONGEST_LIST) return false;
		list = text.split(/\s+/);
	}
	return true;
}

/** The search domains in the document's own services. */
export function ownSearchDomains({ services }: DocumentView): string[] {
	return services.flatMap(({ raw }) => textsIn(member(raw, "search")));
}

function networkSearchDomains({ networks }: DocumentView): string[] {
	return networks.flatMap(({ link, raw }) => {
		const value = link && member(raw, "dns_search");
		return typeof value === "string" ? value.split(/\s+/).filter(Boolean) : textsIn(value);
	});
}

function textsIn(value: unknown): string[] {
	const items = typeof value === "string" ? [value] : bounded(value, LONGEST.services);
	return items.filter((item) => typeof item === "string" && item !== "") as string[];
}
