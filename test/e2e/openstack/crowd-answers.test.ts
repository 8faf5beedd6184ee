import { afterAll, beforeAll, expect, it } from "vitest";
import { compareTrees } from "../../../src/service/comparison.ts";
import { type Asker, ask, askUntilServed } from "./asking.ts";
import { makeCrowd } from "./crowd.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { NOVA_METADATA } from "./laboratory.ts";

const crowd = await makeCrowd();

let guestwire: Guestwire;
beforeAll(async () => {
	guestwire = await startGuestwire({ profile: "nova", freshness: 600 });
	// All at once, so that a document that is mixed up with another guest's is noticed.
	await Promise.all(crowd.map((guest) => askUntilServed(guestwire.port, guest, "/latest/meta-data")));
});
afterAll(() => guestwire.stop());

it.concurrent.each(crowd)("$id is answered as by nova-api-metadata", async (guest) => {
	const { paths, found } = await differences(guest, ["/openstack/latest", "/latest/meta-data"]);
	expect(found).toEqual([]);
	expect(paths).toBeGreaterThan(20);
});

/** The unexplained differences, and how many paths were compared. The same one under several versions is listed once. */
async function differences(asker: Asker, start: readonly string[]) {
	const found = new Map<string, unknown>();
	let paths = 0;
	const original = (path: string) => ask(NOVA_METADATA, asker, path);
	const ours = (path: string) => askUntilServed(guestwire.port, asker, path);
	for await (const compared of compareTrees(original, ours, start)) {
		paths++;
		if (compared.outcome !== "differing") continue;
		found.set(JSON.stringify([compared.original, compared.ours]), compared);
	}
	return { paths, found: [...found.values()] };
}
