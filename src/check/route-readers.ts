/** Which clients come to a route. */
import type { Client } from "./clients.ts";
import type { DocumentView, NetworkView, RouteView } from "./document-view.ts";

export function routesOf({ networks }: DocumentView): RouteView[] {
	return networks.flatMap(({ routes }) => routes);
}

/** The clients that come to a network's routes: Windows, glean and FreeBSD on static networks alone. */
export function routeReaders({ type, link, isStatic, readBy }: NetworkView): Set<Client> {
	const readers = new Set<Client>(readBy);
	if (link) readers.add("cloud-init").add("afterburn");
	if (!isStatic) for (const client of ["cloudbase-init", "glean", "nuageinit"] as const) readers.delete(client);
	if (type !== "ipv4") readers.delete("nuageinit");
	return readers;
}

/** The same without cloud-init on a network with DHCP or SLAAC, whose routes never get to netplan. */
export function netplanReaders({ network }: RouteView): Set<Client> {
	const readers = routeReaders(network);
	if (!network.isStatic) readers.delete("cloud-init");
	return readers;
}
