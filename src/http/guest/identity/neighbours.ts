/** The kernel's IPv6 neighbour table: the MAC address of a peer whose address doesn't contain it. */
import { execFile } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import Type from "typebox";
import { Check } from "typebox/value";
import { canonicalAddress, canonicalMac } from "../../../instance/addresses.ts";

/**
 * The MAC address of a neighbour, undefined if the kernel knows none. Rejects if the table can't be read.
 *
 * @param address canonical, without zone
 * @param zone the interface's name
 */
export type FindNeighbour = (address: string, zone: string) => Promise<string | undefined>;

/** MAC addresses by `address%zone`. */
type NeighbourTable = ReadonlyMap<string, string>;

/** Milliseconds from the end of one read to the start of the next: each starts a process. */
const PAUSE = 100;

/** Bytes: some 250,000 entries. How many there can be is a setting of the kernel (`net.ipv6.neigh.default.gc_thresh3`). */
const MAX_TABLE = 32 * 1024 * 1024;

const EntriesSchema = Type.Array(
	Type.Object({ dst: Type.String(), dev: Type.String(), lladdr: Type.Optional(Type.String()) }),
);

/**
 * Reads the table for each question, since a peer's address may have moved to another guest a moment ago. Questions that
 * come while a read is under way share the next one.
 *
 * @param read for tests
 */
export function createNeighbourFinder(read: () => Promise<NeighbourTable> = readTable): FindNeighbour {
	let paused: Promise<unknown> | undefined;
	let next: Promise<NeighbourTable> | undefined;
	const readNext = async (): Promise<NeighbourTable> => {
		await paused;
		next = undefined;
		const table = read();
		const pause = () => delay(PAUSE, undefined, { ref: false });
		paused = table.then(pause, pause);
		return table;
	};
	return async (address, zone) => {
		next ??= readNext();
		return (await next).get(`${address}%${zone}`);
	};
}

/** Entries without `lladdr` are those that the kernel could not resolve. */
async function readTable(): Promise<NeighbourTable> {
	const command = ["-6", "-json", "neigh", "show"];
	const { stdout } = await promisify(execFile)("ip", command, { timeout: 2000, maxBuffer: MAX_TABLE });
	const entries: unknown = JSON.parse(stdout);
	if (!Check(EntriesSchema, entries)) throw new Error("ip neigh: unexpected output");
	const table = new Map<string, string>();
	for (const { dst, dev, lladdr } of entries) {
		const mac = lladdr === undefined ? undefined : canonicalMac(lladdr);
		const address = canonicalAddress(dst);
		if (mac !== undefined && address !== undefined) table.set(`${address}%${dev}`, mac);
	}
	return table;
}
