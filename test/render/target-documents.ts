/** The documents whose files are given to the programs that read them: the tests' own, and generated ones, always the same. */
import fc from "fast-check";
import type { NetworkData } from "../../src/documents/network-data.ts";
import type { NetworkDescription } from "../../src/documents/network-description.ts";
import { soundNetworkData, validNetworkData } from "../arbitrary-network-data.ts";
import { FURTHER_DOCUMENTS, guestDocuments } from "./guest-documents.ts";

const generated = (kind: string, arbitrary: fc.Arbitrary<NetworkData>) =>
	fc.sample(arbitrary, { seed: 1, numRuns: 12 }).map((data, i): [string, NetworkData] => [`${kind} ${i}`, data]);

/** Documents that can configure a guest. */
export const SOUND_DOCUMENTS: readonly [name: string, data: NetworkDescription][] = [
	...(await guestDocuments()),
	...FURTHER_DOCUMENTS,
	...generated("sound", soundNetworkData),
];

/** Any valid document: also MAC addresses that no NIC has, an MTU of 68 … */
export const VALID_DOCUMENTS: typeof SOUND_DOCUMENTS = [...SOUND_DOCUMENTS, ...generated("odd", validNetworkData)];
