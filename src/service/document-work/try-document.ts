/** What the check and every renderer make of one document. */
import { check, type Finding, fractionsIn, losingClients } from "../../check/index.ts";
import type { NetworkDescription } from "../../documents/network-description.ts";
import { readNetworkData } from "../../documents/read-network-data.ts";
import { GuestwireError } from "../../errors.ts";
import { FORMATS, type Rendering, render } from "../../render/index.ts";

export interface TriedDocument {
	readonly document: NetworkDescription;
	readonly findings: readonly Finding[];
	/** The clients that lose networking, or part of it. */
	readonly losing: readonly string[];
	/** By format. */
	readonly renderings: Readonly<Record<string, Pick<Rendering, "files" | "remarks">>>;
}

/**
 * The time that it takes is not bounded by the document's size alone: thousands of VLANs take many seconds.
 *
 * @param text a `network_data.json`
 * @throws GuestwireError `document`
 */
export function tryDocument(text: string): TriedDocument {
	const body = parse(text);
	const { data } = readNetworkData(body);
	const findings = check(body, { fractions: fractionsIn(text) });
	const renderings = FORMATS.map((format) => {
		const { files, remarks } = render(format, data);
		return [format, { files, remarks }] as const;
	});
	return { document: data, findings, losing: losingClients(findings), renderings: Object.fromEntries(renderings) };
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		throw new GuestwireError("document", `invalid JSON: ${(error as Error).message}; correct it`);
	}
}
