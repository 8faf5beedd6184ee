/** The default routes in a document, in `routes` and as a network's own `gateway`. */
import type { IpVersion } from "../instance/instance.ts";
import { type NetworkView, parseGateway, type RouteView } from "./document-view.ts";
import { member } from "./json.ts";

export interface DefaultRoute {
	readonly pointer: string;
	readonly version: IpVersion;
	/** Where it is written: not every client reads a network's own `gateway`. */
	readonly key: "routes" | "gateway";
	readonly network: NetworkView;
	/** Absent for a network's own `gateway`. */
	readonly route?: RouteView;
	/** Canonical text. */
	readonly gateway: string;
}

/** The default routes of one network, its own `gateway` first. */
export function defaultRoutesOf(network: NetworkView): DefaultRoute[] {
	const gateway = parseGateway(member(network.raw, "gateway"));
	const own: DefaultRoute[] = gateway
		? [{ ...parts(network, gateway), pointer: `${network.pointer}/gateway`, key: "gateway" }]
		: [];
	const routed = network.routes.flatMap((route): DefaultRoute[] => {
		if (route.destination?.prefixLength !== 0 || !route.gateway) return [];
		return [{ ...parts(network, route.gateway), route, pointer: route.pointer, key: "routes" }];
	});
	return [...own, ...routed];
}

function parts(network: NetworkView, gateway: string) {
	return { network, gateway, version: gateway.includes(":") ? 6 : 4 } as const;
}
