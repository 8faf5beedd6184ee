/** What the mirror's storage does on either database. */
import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assemble } from "../src/instance/assemble.ts";
import type { InstanceFacts, PortFacts, ServerFacts } from "../src/instance/facts.ts";
import { findPorts } from "../src/mirror/find-ports.ts";
import type { MirrorStore, MirrorStoreOptions } from "../src/mirror/mirror-store.ts";
import { openMirrorStore } from "../src/mirror/open-mirror-store.ts";
import { readInstance } from "../src/mirror/read-instance.ts";
import type { Resource, ResourceKind } from "../src/source/resource.ts";
import { openDatabase, type StateDatabase, type StateLocation } from "../src/store/database.ts";
import { resourcesOf } from "./mirror-resources.ts";
import { recordedCases } from "./recorded.ts";

/** How soon another process takes over, and how soon a change is reported, in milliseconds. */
const TAKEOVER = 10_000;
const REPORTED = 1000;

const port = (id: string, requestedAt: number, more: Partial<PortFacts> = {}): Resource => ({
	...{ kind: "port", id, requestedAt },
	content: {
		...{ id, name: "", network_id: "net", mac_address: "fa:16:3e:00:00:01", device_id: "vm" },
		...{
			device_owner: "compute:nova",
			fixed_ips: [],
			security_groups: [],
			allowed_address_pairs: [],
			tags: [],
			...more,
		},
	},
});

const server = (id: string, more: Partial<ServerFacts> = {}): Resource<"server"> => ({
	...{ kind: "server", id, requestedAt: 1 },
	content: { ...{ id, name: id, metadata: {}, addresses: {}, security_groups: [] }, ...more },
});

/** An empty database, which several processes can open at once. */
export interface MirrorDatabase {
	open(): Promise<MirrorStore>;
	close(): Promise<void>;
}

/** @param freshLocation an empty database, which several processes can open at once */
export function storesMirror(freshLocation: () => Promise<StateLocation>): void {
	const openAt = async (location: StateLocation, options: Partial<MirrorStoreOptions> = {}) => {
		const state = await openDatabase(location);
		const store = await openMirrorStore(state, { sourceId: "cloud", userData: true, ...options });
		return { state, store };
	};

	describe("resources", () =>
		keepsResources(async () => {
			const location = await freshLocation();
			const states: StateDatabase[] = [];
			return {
				async open() {
					const { state, store } = await openAt(location);
					states.push(state);
					return store;
				},
				close: async () => void (await Promise.all(states.map(({ close }) => close()))),
			};
		}));

	describe("database", () => {
		let location: StateLocation;
		let states: StateDatabase[];
		let store: MirrorStore;

		const open = async (options: Partial<MirrorStoreOptions> = {}) => {
			const opened = await openAt(location, options);
			states.push(opened.state);
			return opened.store;
		};

		beforeEach(async () => {
			location = await freshLocation();
			states = [];
			store = await open();
		});

		afterEach(async () => {
			await Promise.all(states.map(({ close }) => close()));
		});

		test("keeps what is known about itself, until it mirrors another source", async () => {
			const fill = { startedAt: 5, kinds: { port: { done: false, marker: "p9" }, server: { done: true } } };
			await store.setMeta("fill", fill);
			await store.setMeta("reconciledAt", 7);
			const { sequence } = await store.apply({ upserts: [port("a", 1)] });
			const same = await open();
			expect([await same.getMeta("fill"), await same.getMeta("reconciledAt")]).toEqual([fill, 7]);
			const other = await open({ sourceId: "another cloud" });
			expect([await other.getMeta("fill"), await all(other.scan("port"))]).toEqual([undefined, []]);
			expect((await findPorts(other, { macAddress: "fa:16:3e:00:00:01" })).length).toBe(0);
			expect((await other.changesSince(sequence)).changed).toBeUndefined();
		});

		test("user data is stored only if that is configured, and removed if it no longer is", async () => {
			const withUserData = (id: string, text: string | null) => server(id, { "OS-EXT-SRV-ATTR:user_data": text });
			const userData = async (mirror: MirrorStore) =>
				(await all(mirror.scan("server"))).map(({ content }) => content["OS-EXT-SRV-ATTR:user_data"]);
			await store.apply({ upserts: [withUserData("a", "c2VjcmV0"), withUserData("b", null)] });
			expect(await userData(store)).toEqual(["c2VjcmV0", null]);
			const without = await open({ userData: false });
			expect(await userData(without)).toEqual([]);
			await without.apply({ upserts: [withUserData("a", "c2VjcmV0"), withUserData("b", null)] });
			expect(await userData(without)).toEqual([undefined, null]);
		});

		test("one process leads; another takes over when it is killed", async () => {
			const child = spawn(process.execPath, [
				new URL("lead-mirror.ts", import.meta.url).pathname,
				JSON.stringify(location),
			]);
			await once(child.stdout, "data");
			const waiting = new AbortController();
			const refused = store.lead(waiting.signal);
			waiting.abort();
			await expect(refused).rejects.toThrow("aborted");
			const next = store.lead(new AbortController().signal);
			child.kill("SIGKILL");
			const killed = performance.now();
			const lock = await next;
			expect(performance.now() - killed).toBeLessThan(TAKEOVER);
			expect(lock.lost.aborted).toBe(false);
			await lock.release();
			await (await store.lead(new AbortController().signal)).release();
		});
	});
}

/**
 * What any storage of the mirror does, in memory too.
 *
 * @param freshDatabase an empty database
 */
export function keepsResources(freshDatabase: () => Promise<MirrorDatabase>): void {
	let database: MirrorDatabase;
	let store: MirrorStore;
	const open = () => database.open();

	beforeEach(async () => {
		database = await freshDatabase();
		store = await open();
	});

	afterEach(() => database.close());

	describe("reads", () => {
		test("the same instances that were recorded, from one mirror of all of them", async () => {
			const cases = recordedCases();
			await store.apply({ upserts: cases.flatMap(({ facts }) => resourcesOf(facts, 1)) });
			for (const { name, facts } of cases) {
				const found = await readInstance(store, facts.id, { dhcpPorts: true });
				expect(found.missing, name).toEqual([]);
				expect(found.facts && documentsOf(found.facts), name).toEqual(documentsOf(facts));
			}
			expect((await readInstance(store, "unknown", { dhcpPorts: true })).facts).toBeUndefined();
		});

		test("the names of a server's groups follow its ports and the groups, but not the ports of others", async () => {
			const group = (id: string, name: string, requestedAt: number): Resource => ({
				...{ kind: "security_group", id, requestedAt },
				content: { id, name, security_group_rules: [] },
			});
			const names = async () => {
				const { facts } = await readInstance(store, "vm", { dhcpPorts: false });
				return facts?.server?.security_groups.map(({ name }) => name);
			};
			const own = (requestedAt: number, ...security_groups: string[]) =>
				port("p", requestedAt, { project_id: "own", security_groups });
			const foreign = port("q", 1, { project_id: "foreign", security_groups: ["b"] });
			const vm = server("vm", { tenant_id: "own", security_groups: [{ name: "old" }] });
			await store.apply({ upserts: [vm, own(1, "a"), foreign, group("b", "web", 1)] });
			expect(await names()).toEqual(["old"]);
			await store.apply({ upserts: [group("a", "default", 2)] });
			expect(await names()).toEqual(["default"]);
			await store.apply({ upserts: [own(3, "a", "b")] });
			expect(await names()).toEqual(["default", "web"]);
			await store.apply({ upserts: [group("b", "www", 4)] });
			expect(await names()).toEqual(["default", "www"]);
			await store.apply({ deletes: [{ kind: "security_group", id: "b", requestedAt: 5 }] });
			expect(await names()).toEqual(["default"]);
		});

		test("names what an instance refers to and the mirror lacks", async () => {
			await store.apply({ upserts: [port("p", 1, { fixed_ips: [{ subnet_id: "sub", ip_address: "10.0.0.5" }] })] });
			const { facts, missing } = await readInstance(store, "vm", { dhcpPorts: false });
			expect(facts?.ports.map(({ id }) => id)).toEqual(["p"]);
			expect(missing.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
				"server vm",
				"server_details vm",
				"network net",
				"subnet sub",
			]);
		});

		test("resources known to be deleted are not missing, and a deleted server is not an instance", async () => {
			const found = async () => {
				const { facts, missing, deleted } = await readInstance(store, "vm", { dhcpPorts: false });
				const times = deleted.map(({ requestedAt }) => requestedAt);
				return [facts !== undefined, missing.map(({ kind }) => kind), times.toSorted()];
			};
			await store.apply({
				upserts: [port("p", 4)],
				deletes: [
					{ kind: "server_details", id: "vm", requestedAt: 3 },
					{ kind: "network", id: "net", requestedAt: 5 },
				],
			});
			expect(await found()).toEqual([true, ["server"], [3, 5]]);
			await store.apply({ deletes: [{ kind: "server", id: "vm", requestedAt: 2 }] });
			expect(await found()).toEqual([false, [], [2, 3, 5]]);
			expect(await store.read([{ kind: "server", ids: ["vm", "other"] }])).toMatchObject({
				...{ resources: [], deleted: [{ kind: "server", id: "vm", requestedAt: 2 }] },
			});
		});

		test("finds ports by address, MAC address, network and router; a subport with its trunk's parent", async () => {
			const at = (ip_address: string) => ({ fixed_ips: [{ subnet_id: "sub", ip_address }] });
			const interfaceOf = { device_id: "router", device_owner: "network:router_interface" };
			await store.apply({
				upserts: [
					port("a", 1, at("10.0.0.5")),
					port("b", 1, { ...at("10.0.0.5"), network_id: "other", mac_address: "FA:16:3E:00:00:02" }),
					port("r", 1, { ...interfaceOf, network_id: "other" }),
					port("s", 1, { ...at("2001:DB8::5"), device_id: "", device_owner: "trunk:subport" }),
					{
						...{ kind: "trunk", id: "t", requestedAt: 1 },
						content: {
							...{ id: "t", name: "", port_id: "a" },
							sub_ports: [{ port_id: "s", segmentation_type: "vlan", segmentation_id: 5 }],
						},
					},
				],
			});
			const find = async (query: Parameters<typeof findPorts>[1]) =>
				(await findPorts(store, query)).map(({ port, nic }) => `${port.id} ${nic.id}`);
			expect(await find({ address: "10.0.0.5" })).toEqual(["a a", "b b"]);
			expect(await find({ address: "10.0.0.5", networkId: "net" })).toEqual(["a a"]);
			expect(await find({ address: "10.0.0.5", routerId: "ROUTER" })).toEqual(["b b"]);
			expect(await find({ address: "10.0.0.5", routerId: "router", networkId: "net" })).toEqual([]);
			expect(await find({ macAddress: "fa:16:3e:00:00:02" })).toEqual(["b b"]);
			expect(await find({ macAddress: "fa:16:3e:00:00:02", networkId: "net" })).toEqual([]);
			expect(await find({ networkId: "net" })).toEqual([]);
			// A port that has moved is not found at its old address.
			await store.apply({ upserts: [port("a", 2, at("10.0.0.6"))] });
			expect(await find({ address: "10.0.0.5", networkId: "net" })).toEqual([]);
			expect(await find({ address: "10.0.0.6", networkId: "net" })).toEqual(["a a"]);
		});

		test("finds security groups by the groups that their rules name", async () => {
			const group = (id: string, requestedAt: number, ...named: (string | null)[]): Resource => ({
				...{ kind: "security_group", id, requestedAt },
				content: {
					...{ id, name: id },
					security_group_rules: named.map((remote_group_id) => ({ direction: "ingress", remote_group_id })),
				},
			});
			const naming = async (id: string) => {
				const { resources } = await store.read([{ kind: "security_group", key: "remote_group", values: [id] }]);
				return resources.map((one) => one.id);
			};
			await store.apply({ upserts: [group("a", 1, "c", "c", null), group("b", 1, "c", "a"), group("c", 1)] });
			expect([await naming("c"), await naming("a"), await naming("b")]).toEqual([["a", "b"], ["b"], []]);
			await store.apply({ upserts: [group("b", 2, "a")] });
			expect(await naming("c")).toEqual(["a"]);
		});

		test("values that no look-up can have are ignored", async () => {
			const hostile = ["nul \0", "x".repeat(100_000), "\ud800", "'; drop table mirror_keys; --"];
			const upserts = hostile.map((device_id, at) => port(`p${at}`, 1, { device_id, name: device_id }));
			await store.apply({ upserts });
			const { resources } = await store.read([{ kind: "port", key: "device", values: [hostile[3] ?? ""] }]);
			expect(resources.map(({ id }) => id)).toEqual(["p3"]);
		});
	});

	test("random batches leave what was requested last, and every change since any batch is known", async () => {
		const ids = fc.constantFrom("a", "b", "c");
		const requestedAt = fc.integer({ min: 1, max: 9 });
		const upsert = fc.tuple(ids, requestedAt, fc.constantFrom("x", "y"));
		const batches = fc.array(
			fc.record({
				upserts: fc.uniqueArray(upsert, { selector: ([id]) => id, maxLength: 3 }),
				deletes: fc.uniqueArray(fc.tuple(ids, requestedAt), { selector: ([id]) => id, maxLength: 1 }),
			}),
			{ maxLength: 8 },
		);
		await fc.assert(
			fc.asyncProperty(batches, async (wanted) => {
				const other = await freshDatabase();
				const mirror = await other.open();
				const model = new Map<string, { at: number; name: string | undefined }>();
				const start = (await mirror.changesSince(0)).sequence;
				const history: { sequence: number; changed: string[] }[] = [];
				for (const { upserts, deletes } of wanted) {
					const before = new Map(model);
					const write = (id: string, at: number, name: string | undefined) => {
						if ((model.get(id)?.at ?? 0) <= at) model.set(id, { at, name });
					};
					for (const [id, at, name] of upserts) write(id, at, name);
					for (const [id, at] of deletes) write(id, at, undefined);
					const isChanged = ([id, { name }]: [string, { name: string | undefined }]) =>
						!before.has(id) || before.get(id)?.name !== name;
					const expected = [...model].filter(isChanged).map(([id]) => id);
					const applied = await mirror.apply({
						upserts: upserts.map(([id, at, name]) => port(id, at, { name })),
						deletes: deletes.map(([id, at]) => ({ kind: "port", id, requestedAt: at })),
					});
					expect(applied.changed.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
					expect(applied.sequence).toBe((history.at(-1)?.sequence ?? start) + (expected.length > 0 ? 1 : 0));
					history.push({ sequence: applied.sequence, changed: expected });
				}
				const expected = [...model].flatMap(([id, { name }]) => (name === undefined ? [] : [`${id} ${name}`]));
				const names = ({ id, content }: Resource<"port">) => `${id} ${content.name}`;
				expect((await all(mirror.scan("port"))).map(names)).toEqual(expected.toSorted());
				const { resources, sequence } = await mirror.read([{ kind: "port", ids: ["a", "b", "c"] }]);
				expect(resources.map((resource) => names(resource as Resource<"port">))).toEqual(expected.toSorted());
				expect(sequence).toBe(history.at(-1)?.sequence ?? start);
				for (const { sequence } of history) {
					const later = history.filter((batch) => batch.sequence > sequence).flatMap(({ changed }) => changed);
					const since = await mirror.changesSince(sequence);
					expect(new Set(since.changed?.map(({ id }) => id))).toEqual(new Set(later));
				}
				await other.close();
			}),
			{ numRuns: 15 },
		);
	});

	test("a lower revision never replaces a higher one, but a deletion does", async () => {
		const revised = (revision: number, requestedAt: number) => ({
			...port("a", requestedAt, { name: String(revision) }),
			revision,
		});
		const name = async () => {
			const { resources } = await store.read([{ kind: "port", ids: ["a"] }]);
			return resources.map(({ content }) => (content as PortFacts).name)[0];
		};
		await store.apply({ upserts: [revised(2, 1)] });
		expect((await store.apply({ upserts: [revised(1, 2)] })).changed).toEqual([]);
		expect(await name()).toBe("2");
		await store.apply({ upserts: [revised(3, 2)] });
		expect(await name()).toBe("3");
		await store.apply({ deletes: [{ kind: "port", id: "a", requestedAt: 3 }] });
		expect(await name()).toBeUndefined();
		await store.apply({ upserts: [revised(1, 4)] });
		expect(await name()).toBe("1");
	});

	test("a higher revision replaces a lower one, whenever it was requested", async () => {
		const revised = (revision: number, requestedAt: number) => ({
			...port("a", requestedAt, { name: String(revision), device_id: `vm-${revision}` }),
			revision,
		});
		const names = async (value: string) => {
			const { resources } = await store.read([{ kind: "port", key: "device", values: [value] }]);
			return resources.map(({ content }) => (content as PortFacts).name);
		};
		await store.apply({ upserts: [revised(2, 9)] });
		await store.apply({ upserts: [revised(3, 8)] });
		expect([await names("vm-2"), await names("vm-3")]).toEqual([[], ["3"]]);
		await store.apply({ upserts: [revised(5, 6), revised(4, 7)] });
		expect([await names("vm-4"), await names("vm-5")]).toEqual([[], ["5"]]);
		await store.apply({ deletes: [{ kind: "port", id: "a", requestedAt: 5 }] });
		expect(await names("vm-5")).toEqual(["5"]);
	});

	test("what was stored while a clock was ahead counts as old, and is replaced", async () => {
		const ahead = Date.now() + 3_600_000;
		const readAt = async () => {
			const { resources, deleted } = await store.read([{ kind: "port", ids: ["a"] }]);
			return [...resources, ...deleted].map(({ requestedAt }) => requestedAt);
		};
		await store.apply({ upserts: [port("a", ahead, { name: "old" })] });
		expect([await readAt(), (await all(store.scan("port")))[0]?.requestedAt]).toEqual([[0], 0]);
		expect(await all(store.revisions("port"))).toEqual([{ id: "a", requestedAt: 0 }]);
		await store.apply({ upserts: [port("a", 7, { name: "new" })] });
		expect((await all(store.scan("port"))).map(({ content }) => content.name)).toEqual(["new"]);
		await store.apply({ deletes: [{ kind: "port", id: "a", requestedAt: ahead }] });
		expect(await readAt()).toEqual([0]);
		await store.apply({ upserts: [port("a", 8)] });
		expect(await readAt()).toEqual([8]);
	});

	test("two writers at once number their batches in the order in which they become visible", async () => {
		const other = await open();
		const start = (await store.changesSince(0)).sequence;
		const apply = (mirror: MirrorStore, id: string) => mirror.apply({ upserts: [port(id, 1)] });
		const ids = Array.from({ length: 20 }, (_, at) => `p${at}`);
		const applied = await Promise.all(ids.map((id, at) => apply(at % 2 === 0 ? store : other, id)));
		const sequences = applied.map(({ sequence }) => sequence).toSorted((a, b) => a - b);
		expect(sequences).toEqual(ids.map((_, at) => start + 1 + at));
		expect((await other.changesSince(start)).changed?.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
	});

	test("after a purge, only later changes are known one by one", async () => {
		const { sequence } = await store.apply({ upserts: [port("a", 1), port("b", 1)] });
		const deleted = await store.apply({ deletes: [{ kind: "port", id: "a", requestedAt: 2 }] });
		await store.purge(2);
		expect((await store.changesSince(sequence)).changed).toEqual([{ kind: "port", id: "a" }]);
		await store.purge(3);
		expect((await store.changesSince(sequence)).changed).toBeUndefined();
		expect((await store.changesSince(deleted.sequence)).changed).toEqual([]);
		expect((await store.stats()).resources).toEqual({ port: 1 });
	});

	test("lists ids and revisions in pages that are complete", async () => {
		const ids = Array.from({ length: 2500 }, (_, at) => `p${String(at).padStart(5, "0")}`);
		const revised = ids.map((id, at): Resource => ({ ...port(id, 1), revision: at }) as Resource);
		await store.apply({ upserts: revised });
		const revisions = await all(store.revisions("port"));
		expect(revisions.map(({ id }) => id)).toEqual(ids);
		expect(revisions.map(({ revision }) => revision)).toEqual(ids.map((_, at) => at));
		expect((await all(store.scan("port"))).map(({ id }) => id)).toEqual(ids);
		const { resources, bytes } = await store.stats();
		expect(resources).toEqual({ port: 2500 } satisfies Partial<Record<ResourceKind, number>>);
		expect(bytes).toBeGreaterThan(100_000);
	});

	test("lists the servers with their names and projects, whatever names tenants choose", async () => {
		const odd = { nul: "\0", half: "\ud83d", other: "\udc00x", escaped: "\\u0000 \\ud83d", "\\": '"name":"no"' };
		const named = (id: string, name: string, more: Partial<ServerFacts> = {}) =>
			server(id, { ...{ tenant_id: `project of ${id}`, metadata: odd }, ...more, name });
		const names = ["plain", 'a "quoted" \\ name', "\u{1f600} \u00e9\n", "", "{}", "\\u0041"];
		const servers = names.map((name, at) => named(`s${at}`, name));
		await store.apply({ upserts: [...servers, server("t"), server("gone")] });
		await store.apply({ deletes: [{ kind: "server", id: "gone", requestedAt: 2 }] });
		expect(await all(store.servers())).toEqual([
			...servers.map(({ id, content }) => ({ id, name: content.name, projectId: content.tenant_id })),
			{ id: "t", name: "t" },
		]);
	});

	test("a batch is reported to every process within a second", async () => {
		const reader = await open();
		const { sequence: since } = await reader.changesSince(0);
		const reports = new EventEmitter();
		const end = reader.onChange(since, (sequence) => reports.emit(String(sequence)));
		for (let at = 1; at <= 5; at++) {
			const reported = once(reports, String(since + at));
			const { sequence } = await store.apply({ upserts: [port("a", at, { name: String(at) })] });
			const applied = performance.now();
			expect(sequence).toBe(since + at);
			await reported;
			expect(performance.now() - applied).toBeLessThan(REPORTED);
		}
		await end();
	});
}

/** The instance, in the order in which its documents show it. */
function documentsOf(facts: InstanceFacts): unknown {
	return JSON.parse(JSON.stringify(assemble(facts)));
}

async function all<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
	const items: T[] = [];
	for await (const page of pages) items.push(...page);
	return items;
}
