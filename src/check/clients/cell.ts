/** One version of a client with one renderer: the unit in which a document is judged. */
import type { NetworkView } from "../document-view.ts";
import { isWithin } from "../versions.ts";
import type { Client, Condition, Member, Part } from "./client.ts";

export interface Cell {
	readonly client: Client;
	readonly version: string;
	/** Empty for a client without renderers. */
	readonly renderer: string;
}

/** Whether a fact of the client's table holds in this cell. */
export function holds({ version, renderer }: Cell, condition: Condition): boolean {
	return isWithin(version, condition) && condition.renderers?.includes(renderer) !== false;
}

/** Whether the client reads a member of this part of the document. */
export function reads(cell: Cell, member: Member, part: Part = {}): boolean {
	if (member === "networks[].routes" && !findsDestination(cell, part)) return false;
	return cell.client.reads[member]?.some((fact) => holds(cell, fact) && fact.when?.(part) !== false) ?? false;
}

/** Whether the client reads the member in which the part's route has its destination, and no other in its place. */
export function findsDestination(cell: Cell, part: Part): boolean {
	const { route } = part;
	if (route === undefined || (route.key === "network" && !route.isContradicted)) return true;
	return reads(cell, "routes[].destination", part) === (route.key === "destination");
}

/** Whether the client knows a type of network. */
export function knowsType(cell: Cell, type: unknown): boolean {
	const { networkTypes } = cell.client;
	if (typeof type !== "string" || !Object.hasOwn(networkTypes, type)) return false;
	return networkTypes[type]?.some((fact) => holds(cell, fact)) ?? false;
}

/** Whether the client configures something for the network. */
export function configures(cell: Cell, network: NetworkView): boolean {
	const takes = network.link !== undefined && cell.client.takesNetwork?.(network) !== false;
	return takes && knowsType(cell, network.type);
}
