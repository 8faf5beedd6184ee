import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordedInstances } from "../../../test/metadata-service.ts";
import { turnsDuring } from "../../../test/turns.ts";
import { type Change, keypairId } from "../../source/source.ts";
import { addChange, indexedInstance, isAffected, noChanges } from "./indexed-instance.ts";
import { GUEST_STATES, type Guest, type SearchPage, type SearchQuery, SORTS, searchGuests } from "./search.ts";
import { createSharedSearches } from "./shared-searches.ts";

const indexed = recordedInstances.map((instance) =>
	indexedInstance({ id: instance.id, name: instance.server?.name ?? "" }, instance),
);
const line = { first_at: 1, last_at: 1, last_status: 200, requests: 1, failures: 0, user_agent: "", node: "n" };
const guests: Guest[] = indexed.map((instance, at) => ({
	instance,
	history:
		at % 2
			? {
					...line,
					instance_id: instance.id,
					last_at: at % 5,
					client: at % 4 > 1 ? "cloud-init@24.1" : null,
					client_traits: 0,
					client_certainty: 0,
					outdated_at: null,
					compared_at: null,
				}
			: undefined,
	state: GUEST_STATES[at % GUEST_STATES.length] ?? "never",
}));
const names = async (query: Parameters<typeof searchGuests>[1]) =>
	(await searchGuests(guests, query)).guests.map(({ instance }) => instance.name);

describe("the search", () => {
	it("finds an instance by each of its words, in any case", async () => {
		for (const { id, name, projectId = "", ports } of indexed) {
			const words = ports.flatMap((port) => [...port.addresses, port.macAddress, port.networkName, port.networkId]);
			for (const word of [id, name, projectId, ...words]) {
				const found = (await searchGuests(guests, { text: word.toUpperCase(), limit: 200 })).guests;
				expect(
					found.map(({ instance }) => instance.id),
					word,
				).toContain(id);
			}
		}
	});

	it("needs all words, and has filters", async () => {
		const trunk = indexed.find(({ name }) => name === "f-trunk");
		const address = trunk?.ports[0]?.addresses[0] ?? "";
		expect(await names({ text: `trunk ${address}`, limit: 9 })).toEqual(["f-trunk"]);
		expect(await names({ text: `trunk ${address} nothing`, limit: 9 })).toEqual([]);
		expect((await names({ client: "cloud-init", limit: 99 })).length).toBeGreaterThan(0);
		expect(await names({ client: "cloud-init@24.1", limit: 99 })).toEqual(
			await names({ client: "cloud-init", limit: 99 }),
		);
		expect(await names({ client: "cloud", limit: 99 })).toEqual([]);
		const ofBoth = await Promise.all(["unknown", "cloud-init"].map((client) => names({ client, limit: 99 })));
		expect(ofBoth.flat()).toHaveLength(guests.length);
		expect(await names({ network: trunk?.ports[0]?.networkId, limit: 99 })).toContain("f-trunk");
		for (const state of GUEST_STATES) {
			const found = (await searchGuests(guests, { state, limit: 99 })).guests;
			expect(found.every((guest) => guest.state === state)).toBe(true);
		}
	});

	it("returns every guest exactly once across pages, in order, whatever the order and the size of the pages", async () => {
		const sort = fc.constantFrom(...SORTS);
		await fc.assert(
			fc.asyncProperty(sort, fc.boolean(), fc.integer({ min: 1, max: 30 }), async (sort, descending, limit) => {
				const all = (await searchGuests(guests, { sort, descending, limit: 1000 })).guests;
				const paged: Guest[] = [];
				for (let cursor: string | undefined; ; ) {
					const page = await searchGuests(guests, { sort, descending, limit, cursor });
					expect(page.total).toBe(guests.length);
					paged.push(...page.guests);
					cursor = page.next;
					if (cursor === undefined) break;
				}
				expect(paged).toEqual(all);
				expect(new Set(paged).size).toBe(guests.length);
			}),
		);
	});

	it("continues after a guest that is gone", async () => {
		const first = await searchGuests(guests, { limit: 3 });
		const rest = guests.filter(({ instance }) => instance.id !== first.guests[2]?.instance.id);
		const all = (await searchGuests(guests, { limit: 1000 })).guests;
		expect((await searchGuests(rest, { limit: 1000, cursor: first.next })).guests).toEqual(all.slice(3));
	});

	it("accepts any cursor", async () => {
		await fc.assert(
			fc.asyncProperty(fc.string(), async (cursor) => void (await searchGuests(guests, { cursor, limit: 5 }))),
		);
	});

	it("yields to other work among very many guests, and is shared by all callers of the same search", async () => {
		let passes = 0;
		function* many(): Generator<Guest> {
			passes++;
			for (let n = 0; n < 200_000; n++) yield guests[n % guests.length] as Guest;
		}
		const { search, forget } = createSharedSearches((query: SearchQuery) => searchGuests(many(), query));
		let pages: SearchPage[] = [];
		const { count } = await turnsDuring(async () => {
			pages = await Promise.all([search({ text: "trunk", limit: 5 }), search({ limit: 5, text: "trunk" })]);
		});
		expect(count).toBeGreaterThan(1);
		expect([passes, pages[0]]).toEqual([1, pages[1]]);
		await search({ text: "bond", limit: 5 });
		expect(passes).toBe(2);
		forget();
		await search({ text: "trunk", limit: 5 });
		expect(passes).toBe(3);
	});
});

it("a change concerns the instances that it names, by any of their resources", () => {
	const kinds = new Set<string>();
	for (const instance of indexed) {
		const affects = (change: Change) => {
			const changes = noChanges();
			addChange(changes, change);
			return isAffected(instance, changes);
		};
		const recorded = recordedInstances.find(({ id }) => id === instance.id);
		const ports = recorded?.ports.flatMap((port) => [
			port,
			...(port.trunk?.subports ?? []).map((subport) => subport.port),
		]);
		const changes = (ports ?? []).flatMap((port): Change[] => [
			{ kind: "port", ids: [port.id] },
			{ kind: "network", ids: [port.network.id] },
			...port.fixedIps.map(({ subnet }): Change => ({ kind: "subnet", ids: [subnet.id] })),
			...port.floatingIps.map(({ id }): Change => ({ kind: "floatingip", ids: [id] })),
			...port.securityGroups.map(({ id }): Change => ({ kind: "security_group", ids: [id] })),
			...(port.trunk ? [{ kind: "trunk", ids: [port.trunk.id] } as const] : []),
		]);
		const { userId = "", keyNames = [] } = recorded?.server ?? {};
		const keypairs = keyNames.map((name): Change => ({ kind: "keypair", ids: [keypairId(userId, name)] }));
		const everything: Change[] = [{ kind: "everything", ids: [] }];
		for (const change of [...changes, ...keypairs, ...everything, { kind: "server", ids: [instance.id] } as const]) {
			kinds.add(change.kind);
			expect([change, affects(change)]).toEqual([change, true]);
			if (change.kind !== "everything") expect(affects({ ...change, ids: ["other"] })).toBe(false);
		}
		// Other ports may have the same addresses, on networks of their own.
		for (const { macAddress, addresses } of instance.ports) {
			expect(affects({ kind: "address", ids: [macAddress, ...addresses] })).toBe(false);
		}
	}
	expect([...kinds].sort()).toEqual([
		"everything",
		"floatingip",
		"keypair",
		"network",
		"port",
		"security_group",
		"server",
		"subnet",
		"trunk",
	]);
});
