import type { Instance } from "../instance/instance.ts";
import { exceededLimit } from "../instance/limits.ts";

/** Bytes of an object or array without its members, of a string without its characters, and of one member. */
const OBJECT = 32;
const STRING = 16;
const MEMBER = 8;

/** About how many bytes plain data takes in memory. Names of members take no memory: objects of one kind share them. */
export function memorySize(value: unknown): number {
	if (typeof value === "string") return STRING + value.length;
	if (typeof value !== "object" || value === null) return 0;
	if (value instanceof Uint8Array) return OBJECT + value.byteLength;
	let size = OBJECT;
	for (const member of value instanceof Map ? value.values() : Object.values(value))
		size += MEMBER + memorySize(member);
	return size;
}

/** A cached entry beside its value, with its tags. Bytes. */
export const ENTRY_SIZE = 1000;
/** The documents of an instance beside its facts, and what counts for an instance that exceeds a limit. Bytes. */
const DOCUMENTS = 4000;
const OVERSIZED = 32 * 1024 * 1024;

/** About how many bytes an instance takes with its documents, in which the facts are once more. */
export function sizeOfInstance(instance: Instance | undefined): number {
	return isOversized(instance) ? OVERSIZED : DOCUMENTS + 2 * memorySize(instance);
}

/** Whether looking at all of the instance takes long. It has no documents, because it exceeds a limit. */
export function isOversized(instance: Instance | undefined): boolean {
	return instance !== undefined && exceededLimit(instance) !== undefined;
}
