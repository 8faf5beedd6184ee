/** One run: a cloud that changes, nodes that answer guests, and faults; then peace, and the mirror must equal the cloud. */
import { isDeepStrictEqual } from "node:util";
import type { FloatingIpFacts } from "../../src/instance/facts.ts";
import { assembleOwned } from "../../src/source/ownership.ts";
import type { ResourceKind } from "../../src/source/resource.ts";
import { keypairIdsOf } from "../../src/source/source.ts";
import { createGuests } from "./guests.ts";
import type { MemoryDatabase } from "./memory-store.ts";
import { addressOn, type ModelCloud, NETWORKS } from "./model-cloud.ts";
import { modelFacts } from "./model-source.ts";
import type { Node } from "./node.ts";
import { createScheduler, type Fault } from "./scheduler.ts";
import { createWorld, type World } from "./world.ts";

export interface SimulationResult {
	/** Undefined: everything held. */
	readonly failure: string | undefined;
	readonly trace: readonly string[];
	readonly steps: number;
	/** How often each fault has happened. */
	readonly faults: ReadonlyMap<Fault, number>;
}

/** How long faults last: many short histories find more than a few long ones. Milliseconds. */
const SHORTEST_TROUBLE = 3000;
const LONGEST_TROUBLE = 18_000;
/** Within this time without faults, the mirror equals the cloud: the rest of a comparison after a slow call, and two sweeps. */
const CONVERGENCE = 120_000;
/** Once it does, it does so after another sweep. */
const STABLE = 10_000;

/** The share of runs that check what counts as missed, and of those that check what follows a gap. */
const SHARE = 0.25;
/** After the broker's return, all that changed meanwhile is in the mirror within this time. Milliseconds. */
const AFTER_GAP = 5000;
/** Guests see a change within this time: a server's details take 100 ms to read, after those of others. Milliseconds. */
const AFTER_CHANGE = 3000;
const AHEAD = 3_600_000;

class Violation extends Error {}

export async function simulate(seed: number): Promise<SimulationResult> {
	const scheduler = createScheduler(seed);
	const world = createWorld(scheduler);
	const outcome = () => ({ trace: scheduler.trace(), steps: scheduler.steps(), faults: scheduler.faults() });
	try {
		await run(world);
		return { failure: undefined, ...outcome() };
	} catch (error) {
		const failure = error instanceof Violation ? error.message : String((error as Error).stack);
		return { failure, ...outcome() };
	} finally {
		world.end();
	}
}

async function run(world: World): Promise<void> {
	const { scheduler, cloud } = world;
	const { random } = scheduler;
	const violations: string[] = [];
	const check = () => {
		const [first] = [...violations, ...world.violations];
		if (first !== undefined) throw new Violation(first);
	};
	const addresses = NETWORKS.flatMap((network) => Array.from({ length: 5 }, (_, at) => addressOn(network, at + 10)));
	const fail = (what: string) => void violations.push(what);
	const guests = createGuests({
		scheduler,
		cloud,
		addresses,
		serverIds: () => [...world.serverIds],
		fail,
	});
	world.start();
	const end = scheduler.now() + SHORTEST_TROUBLE + random.below(LONGEST_TROUBLE - SHORTEST_TROUBLE);
	while (scheduler.now() < end) {
		await scheduler.advance(random.below(250), check);
		if (random.chance(0.35)) cloud.change();
		if (random.chance(0.12)) world.trouble();
		const node = world.anyNode();
		if (node !== undefined) guests.ask(node);
	}
	scheduler.note("peace");
	world.makePeace();
	await checkConvergence(world, check);
	await checkOwners(world, check);
	if (world.hasBus && random.chance(SHARE)) await checkFresh(world, check);
	if (world.hasBus && random.chance(SHARE)) await checkClock(world, check);
	if (world.hasBus) await checkCurrent(world, check);
	if (world.hasBus && random.chance(SHARE)) await checkMissed(world, check);
	if (world.hasBus && random.chance(SHARE)) {
		await checkGap(world, check);
		// What has no listing is read again later.
		await checkConvergence(world, check);
	}
	await checkRestart(world, check);
}

/** The mirror equals the cloud, and stays so: an answer that was under way when the faults ended may come late. */
async function checkConvergence({ scheduler, cloud, database }: World, check: () => void): Promise<void> {
	const end = scheduler.now() + CONVERGENCE;
	for (;;) {
		while (differenceOf(cloud, database) !== undefined && scheduler.now() < end) await scheduler.advance(1000, check);
		await scheduler.advance(STABLE, check);
		const difference = differenceOf(cloud, database);
		if (difference === undefined) return;
		if (scheduler.now() >= end) throw new Violation(`after ${CONVERGENCE} ms without faults: ${difference}`);
	}
}

/** How old a mirror may be that is current. Milliseconds. */
const CURRENT = 5000;

/** Once nothing is missed any more, and every service was heard, the mirror is current again. */
async function checkCurrent(world: World, check: () => void): Promise<void> {
	const { scheduler, database } = world;
	const end = scheduler.now() + CONVERGENCE;
	const age = () => scheduler.now() - Number(database.meta.get("current") ?? Number.NEGATIVE_INFINITY);
	for (world.greet(); age() > CURRENT; world.greet()) {
		if (scheduler.now() >= end)
			throw new Violation(`after ${CONVERGENCE} ms without faults, the mirror is not current`);
		await scheduler.advance(1000, check);
	}
}

/** Every address is its present owner's. */
async function checkOwners(world: World, check: () => void): Promise<void> {
	const { scheduler, cloud } = world;
	const node = world.anyNode();
	if (node === undefined) throw new Violation("no node runs");
	// Guests are identified by their IPv4 addresses.
	const current = cloud.tenures.filter(({ until, address }) => until > scheduler.now() && address.includes("."));
	const own = current.filter(({ deviceId, tenant }) =>
		cloud.all("server").some((server) => server.id === deviceId && server.tenant_id === tenant),
	);
	const answers = own.map(({ address, deviceId }) => ({
		address,
		deviceId,
		answered: collect(node.byAddress(address, true)),
	}));
	await scheduler.advance(5000, check);
	for (const { address, deviceId, answered } of answers) {
		const { id } = JSON.parse(/^{/.test(answered.text ?? "") ? (answered.text ?? "") : "{}");
		if (id !== deviceId) throw new Violation(`${address} of ${deviceId} was answered as ${id ?? answered.text}`);
	}
}

/** Waits until a comparison has ended. */
async function nextComparison({ scheduler, database }: World, check: () => void): Promise<void> {
	const before = database.meta.get("reconciledAt");
	const end = scheduler.now() + CONVERGENCE;
	while (database.meta.get("reconciledAt") === before && scheduler.now() < end) await scheduler.advance(100, check);
}

/** Whether comparisons find all of its changes: the others have no listings, only servers show some of their details. */
const isListed = (name: string) => !/^(server_details|keypair) /.test(name);

/** What changes while the broker is away is read at once when it is back. */
async function checkGap(world: World, check: () => void): Promise<void> {
	const { scheduler, cloud, database } = world;
	await nextComparison(world, check);
	for (let gaps = scheduler.random.below(2); gaps >= 0; gaps--) {
		world.setBus(true);
		await scheduler.advance(100, check);
		for (let count = scheduler.random.below(10); count >= 0; count--) cloud.change();
		await scheduler.advance(100, check);
		world.setBus(false);
		// The next one may come while the mirror is still busy with this one.
		if (gaps > 0) await scheduler.advance(scheduler.random.below(3000), check);
	}
	await scheduler.advance(AFTER_GAP, check);
	const isShown = ({ kind, id }: Difference) =>
		isListed(`${kind} `) || (kind === "server_details" && isListedWhole(id));
	const isListedWhole = (id: string) => cloud.all("port").filter(({ device_id }) => device_id === id).length < 2;
	const late = differences(cloud, database).find(isShown);
	if (late !== undefined) throw new Violation(`${AFTER_GAP} ms after the broker's return: ${late.text}`);
}

/** With the bus, guests see what changes: also what no message reports, and before a comparison finds it. */
async function checkFresh(world: World, check: () => void): Promise<void> {
	const { scheduler, cloud } = world;
	await nextComparison(world, check);
	for (let count = scheduler.random.below(4); count >= 0; count--) {
		cloud.change();
		await scheduler.advance(scheduler.random.below(300), check);
	}
	await scheduler.advance(AFTER_CHANGE, check);
	const node = world.anyNode();
	if (node === undefined) throw new Violation("no node runs");
	await checkAnswers(world, node, 1000, check, "after a change");
}

/** What was stored while the clocks were ahead blocks nothing that changes after they were put back. */
async function checkClock(world: World, check: () => void): Promise<void> {
	const { scheduler, cloud } = world;
	world.setClocks(AHEAD);
	for (let count = scheduler.random.below(4); count >= 0; count--) cloud.change();
	await scheduler.advance(AFTER_CHANGE, check);
	world.setClocks(0);
	await scheduler.advance(1000, check);
	await checkFresh(world, check);
}

/** Every instance is answered as the cloud has it. */
async function checkAnswers(
	{ scheduler, cloud }: World,
	node: Node,
	milliseconds: number,
	check: () => void,
	when: string,
): Promise<void> {
	const answers = cloud.all("server").map(({ id }) => ({ id, answered: collect(node.byId(id, "all")) }));
	await scheduler.advance(milliseconds, check);
	for (const { id, answered } of answers) {
		const facts = modelFacts(cloud, id);
		const expected = facts && JSON.stringify(assembleOwned(facts));
		if (answered.text !== expected) throw new Violation(`${id} ${when}: ${answered.text} instead of ${expected}`);
	}
}

/** Changes that should have had messages are counted as missed by the next comparison: each of them, once, and nothing else. */
async function checkMissed(world: World, check: () => void): Promise<void> {
	const { scheduler, cloud, database, missed } = world;
	await nextComparison(world, check);
	missed.length = 0;
	const before = [...world.lost];
	world.lost.clear();
	world.muteSignals(true);
	for (let count = scheduler.random.below(6); count >= 0; count--) cloud.change();
	world.muteSignals(false);
	const different = Array.from(differences(cloud, database), ({ kind, id }) => `${kind} ${id}`);
	const expected = different.filter((name) => world.lost.has(name) && !hasLostPort(name, world));
	for (const name of before) world.lost.add(name);
	await nextComparison(world, check);
	await nextComparison(world, check);
	const [lost, counted] = [expected, missed].map((names) => names.filter(isListed).sort().join(", "));
	if (lost !== counted) throw new Violation(`the signals lost ${lost}, and ${counted || "nothing"} counted as missed`);
}

/** Whether a floating IP has lost its port because the port was deleted, which nothing reports. */
function hasLostPort(name: string, { cloud, database: { rows } }: World): boolean {
	const [kind, id = ""] = name.split(" ");
	if (kind !== "floatingip") return false;
	const [before, now] = [rows.get(name)?.content, cloud.get("floatingip", id)?.content] as (
		| FloatingIpFacts
		| undefined
	)[];
	return now?.port_id === null && !!before?.port_id && cloud.get("port", before.port_id) === undefined;
}

/** Kinds that the mirror has all of; key pairs only as far as servers refer to them. */
const COMPLETE = [
	"network",
	"subnet",
	"port",
	"trunk",
	"security_group",
	"floatingip",
	"server",
	"server_details",
] as const;

interface Difference {
	readonly kind: ResourceKind;
	readonly id: string;
	readonly text: string;
}

function* differences(cloud: ModelCloud, { rows }: MemoryDatabase): Generator<Difference> {
	for (const kind of COMPLETE) {
		for (const id of cloud.ids(kind)) {
			if (rows.get(`${kind} ${id}`)?.content === undefined) yield { kind, id, text: `the mirror lacks ${kind} ${id}` };
		}
	}
	const keypairs = new Set(cloud.all("server").flatMap(keypairIdsOf));
	for (const { kind, id, content } of rows.values()) {
		if (kind === "keypair" && !keypairs.has(id)) continue;
		const current = cloud.get(kind, id)?.content;
		if (content === undefined && current !== undefined && kind !== "keypair") continue; // see above
		if (content === current || isDeepStrictEqual(content, current)) continue;
		const text = `${kind} ${id} is ${JSON.stringify(content)} and should be ${JSON.stringify(current)}`;
		yield { kind, id, text };
	}
}

function differenceOf(cloud: ModelCloud, database: MemoryDatabase): string | undefined {
	return differences(cloud, database).next().value?.text;
}

/** The cloud dies, Guestwire starts again, and every instance is answered as before. */
async function checkRestart(world: World, check: () => void): Promise<void> {
	const { scheduler, cloud } = world;
	world.api.isDown = true;
	world.setBus(true);
	const starting = world.restart();
	await scheduler.advance(5000, check);
	const node = await starting;
	await checkAnswers(world, node, 5000, check, "after a restart");
	const [server] = cloud.all("server");
	const address = Object.values(server?.addresses ?? {}).flat()[0]?.addr;
	if (server === undefined || address === undefined) return;
	const refused = collect(node.byAddress(address, true));
	const answered = collect(node.byAddress(address, false));
	await scheduler.advance(40_000, check);
	if (refused.text !== "rejected") throw new Violation(`private data by an old owner: ${refused.text}`);
	if (
		answered.text === "rejected" &&
		cloud.tenures.filter((one) => one.address === address && one.until > scheduler.now()).length === 1
	)
		throw new Violation(`${address} is not answered while the cloud is away`);
}

/** The text of the answer, once there is one. */
function collect(answer: Promise<unknown>): { text: string | undefined } {
	const collected: { text: string | undefined } = { text: "no answer" };
	answer.then(
		(value) => {
			collected.text = value === undefined ? undefined : JSON.stringify(value);
		},
		() => {
			collected.text = "rejected";
		},
	);
	return collected;
}
