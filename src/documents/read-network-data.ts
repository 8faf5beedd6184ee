/** Reading any maker's `network_data.json` into the form that Guestwire itself emits. */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { GuestwireError } from "../errors.ts";
import { searchDomainsIn } from "../instance/foreign-words.ts";
import { AcceptedNetworkData } from "./accepted-network-data.ts";
import type { DescribedNetwork, NetworkDescription } from "./network-description.ts";
import { readLinks } from "./read-links.ts";
import { readNetworks } from "./read-networks.ts";
import { readServices } from "./read-services.ts";
import { newReading, type Reading, type Remark, remarkUnused } from "./reading.ts";

/** A document that was read, and what had to be corrected. */
export interface ReadNetworkData {
	/** Fits `NetworkDataSchema` but for the further members of `NetworkDescription`; `crossCheck` finds nothing in it. */
	readonly data: NetworkDescription;
	/** Everything that was changed or dropped. */
	readonly remarks: readonly Remark[];
	/** For a JSON pointer into `data`, the pointer into the document that it was read from. */
	readonly originOf: (pointer: string) => string;
}

const ajv = new Ajv2020({ strict: false });
const isAccepted = ajv.compile<AcceptedNetworkData>(AcceptedNetworkData);

/**
 * Reads a document from any source: Nova, Ironic, Metal3, KubeVirt, people. Values in another form than ours (null lists,
 * addresses as CIDR, prefix lengths for netmasks, numbers as text, MAC addresses in capitals …) are converted. Values
 * without a meaning are dropped. There is a remark on each.
 *
 * @param json the result of `JSON.parse` or a YAML parser
 * @throws GuestwireError `document`, with the JSON pointer, if a member is of a type that no client reads
 */
export function readNetworkData(json: unknown): ReadNetworkData {
	if (!isAccepted(json)) throw unreadable(isAccepted.errors?.[0]);
	const reading = newReading();
	remarkUnused(json, AcceptedNetworkData.properties, "", reading);
	const links = readLinks(json.links, reading);
	const ids = new Set(links.map(({ id }) => id));
	const networks = withSharedSearch(readNetworks(json.networks, ids, reading), json, reading);
	const data = { links, networks, services: readServices(json.services, "/services", reading) };
	return { data, remarks: reading.remarks, originOf: (pointer) => originOf(pointer, data, reading) };
}

/** Adds search domains of the top-level services to the networks without search domains of their own. */
function withSharedSearch(
	networks: readonly DescribedNetwork[],
	{ services }: AcceptedNetworkData,
	reading: Reading,
): DescribedNetwork[] {
	const shared = searchDomainsIn(services ?? []);
	if (shared.length === 0) return [...networks];
	reading.remark("/services", "search domains converted to dns_search of the networks", shared);
	return networks.map((network) => {
		if (network.dns_search?.length) return network;
		return reading.from(reading.pointerOf(network) ?? "", { ...network, dns_search: shared });
	});
}

function unreadable(error: ErrorObject | undefined): GuestwireError {
	const { instancePath: pointer = "", keyword, params, message = "can't be read" } = error ?? {};
	const what = keyword === "type" ? `must be ${[params?.["type"]].flat().join(" or ")}` : message;
	return new GuestwireError(
		"document",
		`not a network_data.json: ${pointer || "the document"} ${what}; correct the document`,
	);
}

function originOf(pointer: string, data: NetworkDescription, reading: Reading): string {
	let found = "";
	let value: unknown = data;
	for (const step of pointer.split("/").slice(1)) {
		value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[step] : undefined;
		const origin = typeof value === "object" && value !== null ? reading.pointerOf(value) : undefined;
		found = origin ?? `${found}/${step}`;
	}
	return found;
}
