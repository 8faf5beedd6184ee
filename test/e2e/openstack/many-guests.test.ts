import { afterAll, beforeAll, expect, it } from "vitest";
import { compareTrees } from "../../../src/service/comparison.ts";
import { ask, askUntilServed, type Requester } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { NOVA_METADATA } from "./laboratory.ts";
import { makeManyGuests } from "./many-guests.ts";

const guests = await makeManyGuests();

let guestwire: Guestwire;
beforeAll(async () => {
	guestwire = await startGuestwire({ profile: "nova", freshness: 600 });
	// All at once, so that a document that is mixed up with another guest's is noticed.
	await Promise.all(guests.map((guest) => askUntilServed(guestwire.port, guest, "/latest/meta-data")));
});
afterAll(() => guestwire.stop());

it.concurrent.each(guests)("$id is answered as by nova-api-metadata", async (guest) => {
	const { paths, found } = await differences(guest, ["/openstack/latest", "/latest/meta-data"]);
	expect(found).toEqual([]);
	expect(paths).toBeGreaterThan(20);
});

/** The unexplained differences, and how many paths were compared. The same one under several versions is listed once. */
async function differences(requester: Requester, start: readonly string[]) {
	const found = new Map<string, unknown>();
	let paths = 0;
	const original = (path: string) => ask(NOVA_METADATA, requester, path);
	const ours = (path: string) => askUntilServed(guestwire.port, requester, path);
	for await (const compared of compareTrees(original, ours, start)) {
		paths++;
		if (compared.outcome !== "differing") continue;
		found.set(JSON.stringify([compared.original, compared.ours]), compared);
	}
	return { paths, found: [...found.values()] };
}
