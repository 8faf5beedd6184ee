/** What cloud-init makes of whole numbers that are written with a fraction: Python has 1500.0, and writes it so. */
import { isDynamic } from "../document-view.ts";
import type { Fault } from "../rule.ts";
import { crash, ignored, lost, type Reaction, wrong } from "./client.ts";
import { degraded, degradedStatus, NETPLAN, netplanRefuses, SCHEMA } from "./cloud-init-effects.ts";
import { all, any, hasOwnPrefix, isAt, not, routeHasOwnPrefix } from "./conditions.ts";
import { valueError } from "./conversion.ts";

const isCount = any(isAt("bond_min_links"), isAt("bond_num_grat_arp"));
const isMetricOfNetwork = all(isAt("metric"), ({ route }) => route === undefined);
const refused = "passes it to the system, which refuses it";
const REFUSING = { renderers: ["network-manager", "sysconfig", "eni"] } as const;

export const cloudInitFractionReactions: Readonly<Record<string, readonly Reaction[]>> = {
	"number-fraction": [
		crash(valueError, { when: all(isAt("netmask"), isMaskRead) }),
		lost(netplanRefuses, { ...NETPLAN, when: any(isAt("mtu"), isAt("vlan_id"), isCount) }),
		lost(netplanRefuses, { ...NETPLAN, since: "26.1", when: isAt("bond_packets_per_slave") }),
		lost(netplanRefuses, { ...NETPLAN, since: "25.2", when: isMetricOfNetwork }),
		lost("the system refuses the tag: the VLAN is missing", { when: isAt("vlan_id") }),
		lost("the system does not know the mode: the bond is balance-rr", {
			renderers: ["network-manager", "sysconfig", "eni"],
			when: isAt("bond_mode"),
		}),
		...([SCHEMA, {}] as const).map((where) =>
			wrong(where === SCHEMA ? `${refused}; ${degradedStatus}` : refused, {
				...where,
				...REFUSING,
				when: any(isAt("mtu"), isBondOption, isMetricOfNetwork),
			}),
		),
		ignored(degraded, { ...SCHEMA, when: any(isAt("mtu"), isAt("metric"), isBondOption) }),
	],
};

function isBondOption({ link, pointer }: Fault): boolean {
	return link?.kind === "bond" && /\/bond_\w+$/.test(pointer);
}

/** A mask is read with a static address, and with every route's destination. */
function isMaskRead(fault: Fault): boolean {
	const { network, route } = fault;
	if (!network?.link) return false;
	return route ? not(routeHasOwnPrefix)(fault) : !isDynamic(network) && not(hasOwnPrefix)(fault);
}
