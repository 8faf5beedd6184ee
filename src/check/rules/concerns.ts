/** Whether a client gets to see a fault: what its table says about the part of the document that has it. */
import { type Cell, configures, findsDestination, reads } from "../clients/cell.ts";
import type { Member } from "../clients/client.ts";
import type { Fault } from "../rule.ts";

/** The client configures something for the network. */
export function onNetwork(cell: Cell, { network }: Fault): boolean {
	return network !== undefined && configures(cell, network);
}

/** The client configures something for both networks. */
export function onBothNetworks(cell: Cell, { network, otherNetwork }: Fault): boolean {
	return [network, otherNetwork].every((one) => one !== undefined && configures(cell, one));
}

/** The client parses the network's routes, whether or not it configures them. */
export function onRouteList(cell: Cell, { network }: Fault): boolean {
	if (network === undefined) return false;
	return cell.client.parsesRoutes?.(network) ?? reads(cell, "networks[].routes", { network });
}

/** It parses them, and finds this route's destination. */
export function onParsedRoutes(cell: Cell, fault: Fault): boolean {
	return onRouteList(cell, fault) && findsDestination(cell, fault);
}

/** The client configures the route, or the network's routes. */
export function onRoutes(cell: Cell, { network, route }: Fault): boolean {
	return network !== undefined && reads(cell, "networks[].routes", { network, ...(route && { route }) });
}

/** The client reads the member on this part of the document. */
export function onMember(name: Member): (cell: Cell, fault: Fault) => boolean {
	return (cell, { link, network, route }) =>
		reads(cell, name, { ...(link && { link }), ...(network && { network }), ...(route && { route }) });
}

/** The client configures the part of the document, but does not read the member there. */
export function onUnreadMember(name: Member): (cell: Cell, fault: Fault) => boolean {
	const isRead = onMember(name);
	return (cell, fault) => (fault.network === undefined || configures(cell, fault.network)) && !isRead(cell, fault);
}
