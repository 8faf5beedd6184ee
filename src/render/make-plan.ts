import type { NetworkDescription } from "../documents/network-description.ts";
import { collectRemarks } from "../documents/reading.ts";
import { addAddressing } from "./addressing.ts";
import { planLinks } from "./links.ts";
import type { Plan } from "./plan.ts";
import type { RenderOptions } from "./renderer.ts";
import { parseMac } from "./values.ts";

/**
 * Brings a document into the normal form that every format is written from. Accepts every document: what a guest can't
 * have, or a file can't safely contain, is dropped with a remark.
 *
 * @throws GuestwireError `usage` if a name in `options.names` is not a valid interface name, or is given twice
 */
export function planNetwork(data: NetworkDescription, options: RenderOptions): Plan {
	const { remarks, remark } = collectRemarks();
	const names = options.names ?? new Map<string, string>();
	const linkPlans = planLinks(data.links, names, remark);
	const macs = new Set([...linkPlans.values()].flatMap((one) => (one.kind === "physical" ? [one.macAddress] : [])));
	for (const mac of [...names.keys()].flatMap((text) => parseMac(text) ?? [])) {
		if (!macs.has(mac)) remark("", `no NIC has the MAC address ${mac}: the name given for it is unused`);
	}
	return { interfaces: addAddressing(data, linkPlans, remark), remarks };
}
