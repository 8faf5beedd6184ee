/** One run: a cloud that changes, nodes that answer guests, and faults; then peace, and the mirror must equal the cloud. */
import { isDeepStrictEqual } from "node:util";
import { assembleOwned } from "../../src/source/ownership.ts";
import type { ResourceKind } from "../../src/source/resource.ts";
import { keypairIdsOf } from "../../src/source/source.ts";
import { createGuests } from "./guests.ts";
import type { MemoryDatabase } from "./memory-store.ts";
import { addressOn, type ModelCloud, NETWORKS } from "./model-cloud.ts";
import { modelFacts } from "./model-source.ts";
import { createScheduler } from "./scheduler.ts";
import { createWorld, type World } from "./world.ts";

export interface SimulationResult {
	/** Undefined: everything held. */
	readonly failure: string | undefined;
	readonly trace: readonly string[];
	readonly steps: number;
}

/** How long faults last: many short histories find more than a few long ones. Milliseconds. */
const SHORTEST_TROUBLE = 3000;
const LONGEST_TROUBLE = 18_000;
/** Within this time without faults, the mirror equals the cloud: the rest of a comparison after a slow call, and two sweeps. */
const CONVERGENCE = 120_000;
/** Once it does, it does so after another sweep. */
const STABLE = 10_000;

class Violation extends Error {}

export interface SimulationOptions {
	/** See GuestsOptions. */
	readonly checksOrder: boolean;
}

export async function simulate(seed: number, options: SimulationOptions): Promise<SimulationResult> {
	const scheduler = createScheduler(seed);
	const world = createWorld(scheduler);
	try {
		await run(world, options);
		return { failure: undefined, trace: scheduler.trace(), steps: scheduler.steps() };
	} catch (error) {
		const failure = error instanceof Violation ? error.message : String((error as Error).stack);
		return { failure, trace: scheduler.trace(), steps: scheduler.steps() };
	} finally {
		world.end();
	}
}

async function run(world: World, { checksOrder }: SimulationOptions): Promise<void> {
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
		checksOrder,
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
	await checkRestart(world, check);
}

async function checkConvergence({ scheduler, cloud, database }: World, check: () => void): Promise<void> {
	const end = scheduler.now() + CONVERGENCE;
	while (differenceOf(cloud, database) !== undefined && scheduler.now() < end) await scheduler.advance(1000, check);
	await scheduler.advance(STABLE, check);
	const difference = differenceOf(cloud, database);
	if (difference !== undefined) throw new Violation(`after ${CONVERGENCE} ms without faults: ${difference}`);
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

function differenceOf(cloud: ModelCloud, { rows }: MemoryDatabase): string | undefined {
	const wanted = COMPLETE.flatMap((kind) => cloud.ids(kind).map((id) => ({ kind, id })));
	const lacking = wanted.find(({ kind, id }) => rows.get(`${kind} ${id}`)?.content === undefined);
	if (lacking !== undefined) return `the mirror lacks ${lacking.kind} ${lacking.id}`;
	const keypairs = new Set(cloud.all("server").flatMap(keypairIdsOf));
	for (const { kind, id, content } of rows.values()) {
		if (kind === "keypair" && !keypairs.has(id)) continue;
		const current = cloud.get(kind as ResourceKind, id)?.content;
		if (content !== current && !isDeepStrictEqual(content, current))
			return `${kind} ${id} is ${JSON.stringify(content)} and should be ${JSON.stringify(current)}`;
	}
	return undefined;
}

/** The cloud dies, Guestwire starts again, and every instance is answered as before. */
async function checkRestart(world: World, check: () => void): Promise<void> {
	const { scheduler, cloud } = world;
	world.api.isDown = true;
	world.goDark();
	const starting = world.restart();
	await scheduler.advance(5000, check);
	const node = await starting;
	const answers = cloud.all("server").map(({ id }) => ({ id, answered: collect(node.byId(id, "all")) }));
	await scheduler.advance(5000, check);
	for (const { id, answered } of answers) {
		const facts = modelFacts(cloud, id);
		const expected = facts && JSON.stringify(assembleOwned(facts));
		if (answered.text !== expected)
			throw new Violation(`${id} after a restart: ${answered.text} instead of ${expected}`);
	}
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
