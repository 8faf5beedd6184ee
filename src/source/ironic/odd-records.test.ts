import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeIronic, startFakeIronic } from "../../../test/fake-ironic.ts";
import { ODD_VALUES, pathsInRecord, setAt } from "../../../test/odd-values.ts";
import { openIronicAccess } from "./access.ts";
import { reportHiddenVifs } from "./hidden-vifs.ts";
import { createNodeWiring } from "./node-wiring.ts";
import { createSnapshots } from "./snapshot.ts";

let fake: FakeIronic;
beforeEach(async () => {
	fake = await startFakeIronic();
});
afterEach(() => fake.close());

const COLLECTIONS = ["nodes", "ports", "portgroups"] as const;

test.each(["03", "09", "11"].flatMap((node) => COLLECTIONS.map((name) => [name, node] as const)))(
	"whatever one of the %s of node %s contains, all other nodes keep their facts",
	async (name, node) => {
		const access = await openIronicAccess({ env: fake.env });
		const findFacts = createNodeWiring({ findNeutron: async () => undefined, vifs: reportHiddenVifs(undefined) });
		const snapshots = createSnapshots(async () => access.ironic, findFacts);
		const others = async () => {
			const { instances, unreadable } = await snapshots.next();
			expect(unreadable.length).toBeLessThanOrEqual(1);
			return instances.filter(({ id }) => /^e0/.test(id) && !id.endsWith(node));
		};
		const sound = await others();
		const records = fake.records[name];
		const at = records.findIndex(({ uuid, node_uuid }) => `${node_uuid ?? uuid}`.endsWith(node));
		const original = records[at];
		for (const path of pathsInRecord(original)) {
			for (const odd of ODD_VALUES) {
				records[at] = structuredClone(original) as never;
				setAt(records[at], path, odd);
				expect(await others()).toEqual(sound);
			}
		}
		await access.close();
	},
);
