import { expect, test } from "vitest";
import { GuestwireError } from "../errors.ts";
import type { PortFacts, ServerFacts } from "../instance/facts.ts";
import type { ListedDetails, ResourceReader } from "../source/remote-source.ts";
import { type Resource, type ResourceName, textOfName } from "../source/resource.ts";
import { openDatabase } from "../store/database.ts";
import { createDoubts } from "./doubts.ts";
import { openMirrorStore } from "./open-mirror-store.ts";
import { reconcile, repairKind } from "./reconcile.ts";

const never = new AbortController().signal;

function port(
	id: string,
	device_owner: string,
	requestedAt: number,
	name = "",
	device_id = "device",
): Resource<"port"> {
	const content = { id, name, network_id: "lan", mac_address: "fa:16:3e:00:00:01", device_id, device_owner };
	const rest = { fixed_ips: [], security_groups: [], allowed_address_pairs: [], tags: [] };
	return { kind: "port", id, requestedAt, revision: requestedAt, content: { ...content, ...rest } as PortFacts };
}

/** What takes no time and hides nothing. */
const surroundings = {
	...{
		comparedAt: 0,
		unlistedFrom: 5,
		arePortsCurrent: true,
		areSignalsComplete: () => true,
		clock: { now: () => 30, sleep: async () => {} },
	},
	...{ doubts: createDoubts(() => 30), signal: never, pace: <T>(work: () => Promise<T>) => work(), grace: 0 },
};

/**
 * Compares a mirror that has the one list with a source that has the other. Returns the ids of what counts as missed, and
 * what the mirror then has.
 *
 * @param reported ids of what a signal has reported, and nobody has read yet
 * @param failing ids of what can't be read
 */
async function compare(
	stored: readonly Resource[],
	listed: readonly Resource[],
	reported: readonly string[] = [],
	failing: readonly string[] = [],
) {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	await store.apply({ upserts: stored });
	const found: string[] = [];
	await reconcile(
		{
			reader: {
				kinds: ["port"],
				revisionPage: async () => ({
					requestedAt: 10,
					revisions: listed.map(({ id, revision }) => ({ id, revision })),
				}),
			} as unknown as ResourceReader,
			store,
			async handle({ kind, id }: ResourceName) {
				if (failing.includes(id)) throw new GuestwireError("cloud-answer", "half an answer");
				const current = listed.find((resource) => resource.id === id);
				await store.apply(
					current === undefined
						? { deletes: [{ kind, id, requestedAt: 20 }] }
						: { upserts: [{ ...current, requestedAt: 20 }] },
				);
			},
			isReported: ({ id }) => reported.includes(id),
			...surroundings,
			userData: true,
			events: { onMissedChanges: (_kind, ids) => void found.push(...ids) },
		},
		{ left: new Set(["port"]), differences: [] },
	);
	const kept: string[] = [];
	for await (const page of store.revisions("port")) kept.push(...page.map(({ id, revision }) => `${id} ${revision}`));
	await state.close();
	return { missed: found.sort(), kept: kept.sort() };
}

const missed = async (...lists: Parameters<typeof compare>) => (await compare(...lists)).missed;

test("ports that a comparison finds created, changed and deleted count as missed", async () => {
	const nic = (id: string, revision: number, name?: string) => port(id, "compute:nova", revision, name);
	const stored = [nic("same", 1), nic("changed", 1), nic("deleted", 1)];
	const listed = [nic("same", 1), nic("changed", 2, "renamed"), nic("created", 1)];
	expect(await missed(stored, listed)).toEqual(["changed", "created", "deleted"]);
});

test("what a signal has reported does not count, but the mirror has it when the comparison ends", async () => {
	const nic = (id: string, revision: number, name?: string) => port(id, "compute:nova", revision, name);
	const [stored, listed] = [
		[nic("reported", 1), nic("missed", 1)],
		[nic("reported", 2, "a"), nic("missed", 2, "b")],
	];
	const found = await compare(stored, listed, ["reported"]);
	expect(found).toEqual({ missed: ["missed"], kept: ["missed 2", "reported 2"] });
});

test("a port of which only the revision has changed does not count", async () => {
	expect(await missed([port("nic", "compute:nova", 1)], [port("nic", "compute:nova", 2)])).toEqual([]);
});

test.each([
	["network:dhcp", []],
	["network:distributed", []],
	["network:floatingip", []],
	["network:router_gateway", []],
	["network:router_interface", ["created", "deleted"]],
	["", ["created", "deleted"]],
])("of ports that Neutron makes by itself, only those count that messages report: %s", async (owner, counted) => {
	expect(await missed([port("deleted", owner, 1)], [port("created", owner, 1)])).toEqual(counted);
});

test("one resource that can't be read keeps no other from being repaired", async () => {
	const nic = (id: string, revision: number) => port(id, "compute:nova", revision);
	const [stored, listed] = [
		[nic("odd", 1), nic("good", 1)],
		[nic("odd", 2), nic("good", 2)],
	];
	const found = await compare(stored, listed, [], ["odd"]);
	expect(found.kept).toEqual(["good 2", "odd 1"]);
	expect(surroundings.doubts.names()).toEqual([{ kind: "port", id: "odd" }]);
});

const server = (id: string, more: Partial<ServerFacts> = {}): Resource<"server"> => ({
	...{ kind: "server", id, requestedAt: 1 },
	content: { ...{ id, name: id, metadata: {}, addresses: {}, security_groups: [] }, ...more },
});

/** The ids of the servers that a comparison reads again. */
async function readAgain(userData: boolean, stored: readonly Resource[], listed: readonly Resource<"server">[]) {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData });
	await store.apply({ upserts: stored });
	const read: string[] = [];
	const revisionPage = async () => ({ requestedAt: 10, revisions: listed.map(({ id, content }) => ({ id, content })) });
	await repairKind("server", {
		...surroundings,
		...{ reader: { kinds: ["server"], revisionPage } as unknown as ResourceReader, store, userData },
		...{ handle: async ({ id }) => void read.push(id), isReported: () => false },
		events: { onMissedChanges: () => {} },
	});
	await state.close();
	return read.sort();
}

const userData = (data: string | null) => ({ "OS-EXT-SRV-ATTR:user_data": data });

test.each([true, false])(
	"of servers without revisions, those are read again whose content differs: user data %s",
	async (stores) => {
		const before = ["same", "renamed", "gone"].map((id) => server(id, userData("QQ==")));
		const after = [
			server("same", userData("QQ==")),
			server("renamed", { ...userData("QQ=="), name: "new" }),
			server("new"),
		];
		expect(await readAgain(stores, before, after)).toEqual(["gone", "new", "renamed"]);
		expect(await readAgain(stores, [server("vm", userData(null))], [server("vm", userData("QQ=="))])).toEqual(["vm"]);
		const changed = await readAgain(stores, [server("vm", userData("QQ=="))], [server("vm", userData("Qg=="))]);
		expect(changed).toEqual(stores ? ["vm"] : []);
	},
);

const NO_OTHERS = { mayHaveTags: false, mayHaveOthers: false };

/** What a comparison with a listing reads again, and when what it leaves alone counts as requested. */
async function compareDetails(
	stored: readonly Resource[],
	listed: Readonly<Record<string, ListedDetails>>,
	arePortsCurrent = true,
) {
	const state = await openDatabase("memory");
	const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
	const servers = Object.keys(listed).map((id) => server(id));
	await store.apply({ upserts: [...servers, ...stored] });
	const read: string[] = [];
	const revisions = servers.map(({ id, content }) => ({ id, content, ...(listed[id] && { details: listed[id] }) }));
	const reader = { kinds: ["server"], revisionPage: async () => ({ requestedAt: 10, revisions }) };
	await repairKind("server", {
		...{ ...surroundings, arePortsCurrent, reader: reader as unknown as ResourceReader, store, userData: true },
		...{ handle: async (name) => void read.push(textOfName(name)), isReported: () => false },
		events: { onMissedChanges: () => {} },
	});
	const { resources } = await store.read([{ kind: "server_details", ids: Object.keys(listed) }]);
	await state.close();
	return { read: read.sort(), proven: resources.filter(({ requestedAt }) => requestedAt === 10).map(({ id }) => id) };
}

test("a listing of servers shows whether volumes have changed, and proves details that it shows wholly", async () => {
	const details = (id: string, requestedAt: number, volumes: readonly string[], tag?: string): Resource => ({
		...{ kind: "server_details", id, requestedAt },
		content: {
			volumeAttachments: volumes.map((volumeId) => ({ serverId: id, volumeId })),
			interfaceAttachments: tag === undefined ? [] : [{ port_id: "nic", tag }],
		},
	});
	const found = await compareDetails(
		[
			...[details("same", 1, ["a", "b"]), details("attached", 1, ["a"]), details("detached", 1, ["a"])],
			...[details("tagged", 1, ["a"], "lan"), details("untagged", 1, [], "lan"), details("recent", 7, [])],
			details("newer", 11, ["a"]),
		],
		{
			same: { volumeIds: ["b", "a"], ...NO_OTHERS },
			attached: { volumeIds: ["a", "b"], ...NO_OTHERS },
			detached: { volumeIds: [], mayHaveTags: true, mayHaveOthers: false },
			tagged: { volumeIds: ["a"], mayHaveTags: true, mayHaveOthers: false },
			untagged: { volumeIds: [], ...NO_OTHERS },
			recent: { volumeIds: [], ...NO_OTHERS },
			newer: { volumeIds: [], ...NO_OTHERS },
		},
	);
	expect(found.read).toEqual(["attached", "detached", "untagged"].map((id) => `server_details ${id}`));
	expect(found.proven).toEqual(["same"]);
});

test("the tags of NICs are proven by their ports: none was read again since, and none is gone", async () => {
	const nic = (id: string, server: string, requestedAt: number) => port(id, "compute:nova", requestedAt, "", server);
	const details = (id: string, ...ports: string[]): Resource => ({
		...{ kind: "server_details", id, requestedAt: 3 },
		content: { volumeAttachments: [], interfaceAttachments: ports.map((port_id) => ({ port_id, tag: port_id })) },
	});
	const stored = [
		...[details("same", "a", "b"), nic("a", "same", 1), nic("b", "same", 2)],
		...[details("attached again", "c"), nic("c", "attached again", 4)],
		...[details("detached", "d", "e"), nic("d", "detached", 1), nic("e", "", 4)],
		...[details("attached", "f"), nic("f", "attached", 1), nic("g", "attached", 4)],
		details("pinned"),
	];
	const mayHaveTags = { volumeIds: [], mayHaveTags: true, mayHaveOthers: false };
	const listed = {
		...{ same: mayHaveTags, "attached again": mayHaveTags, detached: mayHaveTags, attached: mayHaveTags },
		pinned: { ...mayHaveTags, mayHaveOthers: true },
	};
	expect(await compareDetails(stored, listed)).toEqual({ read: [], proven: ["same"] });
	expect(await compareDetails(stored, listed, false)).toEqual({ read: [], proven: [] });
});
