import type { Nic } from "./link-ids.ts";

/** More make cloud-init with sysconfig fail: no network is set up (`add_search_domain` in distros/parsers/resolv_conf.py). */
const MOST_DOMAINS = 6;
const MOST_CHARACTERS = 256;

/** The search domains of NICs with addresses: the first of all that a guest can have together, without repeats. */
export function searchDomains(nics: readonly Nic[]): ReadonlyMap<Nic, readonly string[]> {
	const kept = new Set<string>();
	const isKept = (domain: string) => {
		const all = [...new Set([...kept, domain])];
		const fits = all.length <= MOST_DOMAINS && all.join(" ").length <= MOST_CHARACTERS;
		if (fits) kept.add(domain);
		return fits;
	};
	return new Map(nics.map((nic) => [nic, nic.port.fixedIps.length === 0 ? [] : domainsOf(nic).filter(isKept)]));
}

/** Those of its port, or of its network. */
function domainsOf({ port }: Nic): string[] {
	const domains = port.searchDomains ?? [port.dnsDomain ?? port.network.dnsDomain ?? ""];
	return [...new Set(domains.map((domain) => domain.replace(/\.$/, "")))].filter((domain) => domain !== "");
}
