/** The part of node:crypto that renderers need, in browsers. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

export function createHash(_algorithm: "sha256") {
	return {
		update: (text: string) => ({ digest: (_encoding: "hex") => bytesToHex(sha256(new TextEncoder().encode(text))) }),
	};
}
