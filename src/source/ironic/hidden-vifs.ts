/**
 * Reports attached VIFs that no guest gets: those whose ports Neutron does not show (to users without the right to see
 * them, it answers with nothing), and those that are not an instance's NIC, such as a DHCP server's.
 */
import { LRUCache } from "lru-cache";

/** VIFs that are remembered as reported. */
const MOST_KNOWN = 10_000;
/** Lines a minute: where the user may read no port, all nodes have such VIFs. */
const MOST_LINES = 20;
const MINUTE = 60_000;

export interface HiddenVif {
	readonly vif: string;
	readonly node: string;
	/** Whether Neutron shows other VIFs of the node. */
	readonly hasOthers: boolean;
	/** The port's `device_owner`, if Neutron shows it. */
	readonly owner?: string | undefined;
}

/** Each VIF is reported once, and again after Neutron has shown it. */
export interface HiddenVifs {
	hidden(vif: HiddenVif): void;
	shown(vif: string): void;
}

/** @param now milliseconds of a clock that never goes back */
export function reportHiddenVifs(
	onWarning: ((message: string) => void) | undefined,
	now: () => number = () => performance.now(),
): HiddenVifs {
	const reported = new LRUCache<string, true>({ max: MOST_KNOWN });
	let since = Number.NEGATIVE_INFINITY;
	let lines = 0;
	return {
		hidden(vif) {
			if (reported.has(vif.vif)) return;
			if (now() - since >= MINUTE) [since, lines] = [now(), 0];
			// What is not reported now will be reported when it is asked for again.
			if (++lines > MOST_LINES) return;
			reported.set(vif.vif, true);
			onWarning?.(describe(vif));
		},
		shown: (vif) => void reported.delete(vif),
	};
}

function describe({ vif, node, hasOthers, owner }: HiddenVif): string {
	const without = "documents without this NIC";
	if (owner !== undefined) {
		return `Neutron's port ${vif}, which is attached to node ${node}, belongs to "${owner}": its guest gets ${without}; attach a port of the tenant instead`;
	}
	const gets = hasOthers ? without : "what the node's network_data says, or DHCP";
	return `Neutron does not show port ${vif}, which is attached to node ${node}: its guest gets ${gets}; let the user read all ports (docs/bare-metal.md), or detach it`;
}
