/** Bytes of an object or array without its members, of a string without its characters, and of one member. */
const OBJECT = 32;
const STRING = 16;
const MEMBER = 8;

/** About how many bytes plain data takes in memory. Names of members cost nothing: objects of one kind share them. */
export function memorySize(value: unknown): number {
	if (typeof value === "string") return STRING + value.length;
	if (typeof value !== "object" || value === null) return 0;
	if (value instanceof Uint8Array) return OBJECT + value.byteLength;
	let size = OBJECT;
	for (const member of Object.values(value)) size += MEMBER + memorySize(member);
	return size;
}
