/** Where a document tells the guest its default routes. */
import type { IpVersion } from "../instance/instance.ts";
import { type NetworkView, parseGateway } from "./document-view.ts";
import { member } from "./json.ts";

export interface DefaultRoute {
	readonly pointer: string;
	readonly version: IpVersion;
	/** In `routes`, or as the network's own `gateway`, which cloud-init, Talos and nuageinit read. */
	readonly key: "routes" | "gateway";
	readonly network: NetworkView;
	/** Canonical text. */
	readonly gateway: string;
	/** cloud-init alone reads it. */
	readonly metric: unknown;
}

/** Those of one network, its `gateway` first. */
export function defaultRoutesOf(network: NetworkView): DefaultRoute[] {
	const gateway = parseGateway(member(network.raw, "gateway"));
	const own: DefaultRoute[] = gateway
		? [{ ...placed(network, gateway), pointer: `${network.pointer}/gateway`, key: "gateway", metric: undefined }]
		: [];
	const routed = network.routes.flatMap((route): DefaultRoute[] => {
		if (route.destination?.prefixLength !== 0 || !route.gateway) return [];
		const metric = member(route.raw, "metric");
		return [{ ...placed(network, route.gateway), pointer: route.pointer, key: "routes", metric }];
	});
	return [...own, ...routed];
}

function placed(network: NetworkView, gateway: string) {
	return { network, gateway, version: gateway.includes(":") ? 6 : 4 } as const;
}
