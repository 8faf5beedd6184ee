/** Reading any maker's `network_data.json` into the form that Guestwire itself emits. */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { GuestwireError } from "../errors.ts";
import { AcceptedNetworkData } from "./accepted-network-data.ts";
import type { NetworkData } from "./network-data.ts";
import { readLinks } from "./read-links.ts";
import { readNetworks, readServices } from "./read-networks.ts";
import { type Note, newReading, noteUnused, type Reading } from "./reading.ts";

export type { Note };

export interface ReadNetworkData {
	/** Sound: fits `NetworkDataSchema`, and `crossCheck` finds nothing in it. */
	readonly data: NetworkData;
	/** All that was mended or dropped. */
	readonly notes: readonly Note[];
	/** The place in the document that was read, for a place in `data`; both JSON pointers. */
	readonly placeOf: (pointer: string) => string;
}

const ajv = new Ajv2020({ strict: false });
const isAccepted = ajv.compile<AcceptedNetworkData>(AcceptedNetworkData);

/**
 * Reads a document of Nova, Ironic, Metal3, KubeVirt or anybody: what is written in another form than ours (null lists,
 * addresses as CIDR, masks as a number of bits, numbers as text, MAC addresses in capitals …) is mended, what can't be
 * meant is dropped, either with a note.
 *
 * @param json what `JSON.parse` or a YAML reader gave
 * @throws GuestwireError `document`, with the JSON pointer, when a member is of a type that no client reads
 */
export function readNetworkData(json: unknown): ReadNetworkData {
	if (!isAccepted(json)) throw unreadable(isAccepted.errors?.[0]);
	const reading = newReading();
	noteUnused(json, AcceptedNetworkData.properties, "", reading);
	const links = readLinks(json.links, reading);
	const ids = new Set(links.map(({ id }) => id));
	const networks = readNetworks(json.networks, ids, reading);
	const data = { links, networks, services: readServices(json.services, "/services", reading) };
	return { data, notes: reading.notes, placeOf: (pointer) => placeOf(pointer, data, reading) };
}

function unreadable(error: ErrorObject | undefined): GuestwireError {
	const { instancePath: pointer = "", keyword, params, message = "can't be read" } = error ?? {};
	const what = keyword === "type" ? `must be ${[params?.["type"]].flat().join(" or ")}` : message;
	return new GuestwireError(
		"document",
		`no network_data.json: ${pointer || "the whole"} ${what}; correct the document`,
	);
}

function placeOf(pointer: string, data: NetworkData, reading: Reading): string {
	let place = "";
	let value: unknown = data;
	for (const step of pointer.split("/").slice(1)) {
		value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined;
		const origin = typeof value === "object" && value !== null ? reading.placeOf(value) : undefined;
		place = origin ?? `${place}/${step}`;
	}
	return place;
}
