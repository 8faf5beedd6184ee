import type { NetworkData } from "../documents/network-data.ts";
import { address } from "./addressing.ts";
import { wire } from "./links.ts";
import type { Plan, Warning } from "./plan.ts";
import type { RenderOptions } from "./renderer.ts";
import { parseMac } from "./values.ts";

/**
 * Brings a document into the normal form that every target is written from. Refuses no document: what can't be made in
 * a guest, or may not stand in a file, is left out with a warning.
 *
 * @throws GuestwireError `usage` when a name in `options.names` is no name of an interface, or is given twice
 */
export function planNetwork(data: NetworkData, options: RenderOptions): Plan {
	const warnings: Warning[] = [];
	const warn = (place: string, reason: string) => void warnings.push({ place, reason });
	const names = options.names ?? new Map<string, string>();
	const wiring = wire(data.links, names, warn);
	const macs = new Set([...wiring.values()].flatMap((one) => (one.kind === "physical" ? [one.macAddress] : [])));
	for (const mac of [...names.keys()].flatMap((text) => parseMac(text) ?? [])) {
		if (!macs.has(mac)) warn("", `a name is given for ${mac}, which is no NIC of it: unused`);
	}
	return { interfaces: address(data, wiring, warn), warnings };
}
