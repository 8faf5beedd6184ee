import { availableParallelism, hostname } from "node:os";
import { Command } from "commander";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { IdentityMode } from "../http/guest/identity/index.ts";
import { createGuestDocuments } from "../service/guest-documents.ts";
import { startHeartbeat } from "../service/heartbeat.ts";
import type { Log } from "../service/log.ts";
import { createMetrics, type Metrics } from "../service/metrics.ts";
import { prepareInstances } from "../service/prepare-instances.ts";
import type { StateDatabase } from "../store/database.ts";
import { createHistoryStore } from "../store/history-store.ts";
import { createNodeStore } from "../store/node-store.ts";
import { createPasswordStore } from "../store/password-store.ts";
import { sharedKey } from "../store/secrets.ts";
import type { Config } from "./config-schema.ts";
import { type CommonOptions, commonOptions, type Io, say } from "./frame.ts";
import { startGuests } from "./guests.ts";
import { resolveListener } from "./listeners.ts";
import { startOperator } from "./operator.ts";
import { logTo, staleLogger } from "./serve-log.ts";
import { reportReady } from "./service-manager.ts";
import { openServiceMirror, type ServiceMirror } from "./service-mirror.ts";
import { type CommandContext, openContext } from "./source.ts";
import { openState, seededSettings } from "./state.ts";
import { openVendorData } from "./vendor-data.ts";
import type { MetricsJson } from "./workers/calls.ts";
import { startGuestWorkers } from "./workers/start-guest-workers.ts";
import type { Workers } from "./workers/start-workers.ts";
import { sumMetrics } from "./workers/sum-metrics.ts";

/** `guestwire serve`: runs until SIGTERM or SIGINT, then answers what is in flight. */
export function serveCommand(io: Io): Command {
	return commonOptions(new Command("serve")).action(async (options: CommonOptions) => {
		const stop = io.stopSignal();
		await using open = new AsyncDisposableStack();
		const stopped = new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
		let isServing = false;
		const starting = start(options, io, open, () => {
			isServing = true;
		});
		await Promise.race([starting, stopped]);
		// What is being opened may take long, such as a locked database, and no guest has been answered yet.
		if (!isServing) process.exit();
		await Promise.all([starting, stopped]);
	});
}

/**
 * Starts everything; what was opened, also when something later fails, `open` closes in the opposite order.
 *
 * @param onServing called before guests are served
 */
async function start(options: CommonOptions, io: Io, open: AsyncDisposableStack, onServing: () => void): Promise<void> {
	const { log, append, flush } = logTo(io, (lines) => metrics.logLinesLost(lines));
	open.defer(flush);
	const state: ServiceState = {
		isServing: () => false,
		isOutdated: false,
		isMirrorReady: () => true,
		problems: () => [],
	};
	const registry = new Registry();
	const { context, database } = await openInstances(options, io, { log, state, registry }, open);
	const { config, instances } = context;
	collectDefaultMetrics({ register: registry });
	const metrics = createMetrics(instances, registry);
	const { parts, ...forWorkers } = await openGuestParts(context, database, io, { metrics, log, open });
	const { documents, passwords } = parts;

	let workers: Workers | undefined;
	const summed = sumMetrics(registry, async () => (await workers?.metrics()) ?? []);
	const health = {
		isReady: () => state.isServing() && state.isMirrorReady(),
		isOutdated: () => state.isOutdated,
		problems: () => state.problems(),
	};
	const count = workersOf(config);
	const shown = { instances, documents, passwords, log, metrics: count > 1 ? { registry: summed } : metrics };
	const operator = await startOperator(context, database, { ...shown, ...health }, { open, stored: state.stored });
	const onEnd = (counted: MetricsJson) => {
		summed.keep(counted);
		metrics.workerReplaced();
	};
	onServing();
	if (count > 1) workers = await startGuestWorkers({ ...parts, ...forWorkers, count, context, append, onEnd }, open);
	const running = workers?.running ?? (() => 1);
	const { addresses } = workers ?? (await startGuests(parts, open));
	metrics.servedBy(running);
	if (state.isMirrorCurrent) {
		const prepared = { instances, source: context.source, isCurrent: state.isMirrorCurrent };
		open.defer(prepareInstances({ ...prepared, documents: count > 1 ? undefined : documents }));
	}
	open.defer(startHeartbeat(createNodeStore(database), hostname()));
	open.defer(() => {
		state.isServing = () => false;
	});
	state.isServing = () => running() > 0;
	for (const [index, { config: listener }] of parts.listeners.entries())
		greetGuests(io, addresses[index] ?? "", listener.identity);
	greetOperator(io, operator.address, config.operator);
	open.use(await reportReady(io));
}

/** Opens what serves guests, and what each worker makes of its own. */
async function openGuestParts(
	context: CommandContext,
	database: StateDatabase,
	io: Io,
	{ metrics, log, open }: { readonly metrics: Metrics; readonly log: Log; readonly open: AsyncDisposableStack },
) {
	const { config, instances } = context;
	const listeners = await Promise.all(
		config.metadata.map((listener, index) => resolveListener(listener, ["metadata", index], context, io)),
	);
	const passwords = createPasswordStore(database);
	const vendorData = await openVendorData(context, io, { log, count: metrics.vendorData });
	open.defer(() => vendorData.close());
	const settings = await seededSettings(context, database);
	const documents = createGuestDocuments(settings, vendorData);
	const history = { store: createHistoryStore(database), key: await sharedKey(database, "history") };
	return { parts: { listeners, instances, documents, passwords, history, metrics, log }, settings, vendorData };
}

/** How many processes serve guests. */
function workersOf({ workers }: Config): number {
	return workers === "auto" ? availableParallelism() : workers;
}

/** What `/readyz` reports. */
interface ServiceState {
	/** Whether guests are served. */
	isServing: () => boolean;
	isOutdated: boolean;
	isMirrorReady: () => boolean;
	problems: () => readonly string[];
	/** See ServiceMirror; absent without a mirror. */
	stored?: ServiceMirror["stored"];
	isMirrorCurrent?: ServiceMirror["isCurrent"];
}

interface SourceParts {
	readonly log: Log;
	readonly state: ServiceState;
	readonly registry: Registry;
}

/** Opens the source, with a mirror in front of it if it is remote, and the state, which the mirror is part of. */
async function openInstances(
	options: CommonOptions,
	io: Io,
	{ log, state, registry }: SourceParts,
	open: AsyncDisposableStack,
): Promise<{ readonly context: CommandContext; readonly database: StateDatabase }> {
	const onReload = (problem: string | undefined) => {
		state.isOutdated = problem !== undefined;
		say(io, problem === undefined ? "the inventory was reloaded" : `${problem}; the last valid state is still used`);
	};
	let opening: Promise<StateDatabase> | undefined;
	const openOnce = ({ state: location }: Config) => {
		opening ??= openState(location, io).then((opened) => open.adopt(opened, (database) => database.close()));
		return opening;
	};
	const context = await openContext(options, io, {
		...{ onReload, onStale: staleLogger(log), hasWorkers: (config) => workersOf(config) > 1 },
		async mirrored(remote, config, age) {
			const parts = { config, age, database: await openOnce(config), registry, log };
			const mirror = await openServiceMirror(remote, parts);
			state.isMirrorReady = mirror.isReady;
			state.problems = mirror.problems;
			state.stored = mirror.stored;
			state.isMirrorCurrent = mirror.isCurrent;
			return mirror.source;
		},
	});
	open.defer(() => context.close());
	return { context, database: await openOnce(context.config) };
}

/** What to try: a path that the listener answers to somebody on this machine, without any secret. */
function greetGuests(io: Io, address: string, identity: IdentityMode): void {
	const path = identity === "fixed" ? "/openstack/latest/network_data.json" : "/openstack";
	say(io, `metadata for guests (identity ${identity}): curl ${target(address, path)}`);
}

function greetOperator(io: Io, address: string, { tokenFile, url }: Config["operator"]): void {
	const page = url ?? (address.startsWith("http") ? address : undefined);
	if (page !== undefined) say(io, `the page for operators: ${new URL("/", page).href}`);
	const token = tokenFile === undefined ? "" : `-H "Authorization: Bearer $(cat ${tokenFile})" `;
	say(io, `the API for operators: curl ${token}${target(address, "/api/instances")}`);
}

/** As curl takes it. */
function target(address: string, path: string): string {
	return address.startsWith("http") ? `${address}${path}` : `--unix-socket ${address} http://localhost${path}`;
}
