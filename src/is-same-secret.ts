import { timingSafeEqual } from "node:crypto";

/** Compares two secrets. It takes the same time wherever they differ, so that nobody can guess one byte by byte. */
export function isSameSecret(given: Uint8Array, expected: Uint8Array): boolean {
	return given.length === expected.length && timingSafeEqual(given, expected);
}
