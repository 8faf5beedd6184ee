import { Command } from "commander";
import { LRUCache } from "lru-cache";
import { Registry } from "prom-client";
import type { IdentityMode } from "../http/guest/identity/index.ts";
import { startMetadataService } from "../http/guest/metadata-service.ts";
import { createGuestDocuments } from "../service/guest-documents.ts";
import { createLog, LOG_BACKLOG, type Log, type LogFile, openLog } from "../service/log.ts";
import { stdoutSink } from "../service/log-sink.ts";
import { createMetrics } from "../service/metrics.ts";
import { openRecorder } from "../service/request-history/open-recorder.ts";
import type { InstanceCacheOptions } from "../source/instance-cache.ts";
import type { StateDatabase } from "../store/database.ts";
import { createPasswordStore } from "../store/password-store.ts";
import type { Config } from "./config-schema.ts";
import { type CommonOptions, commonOptions, type Io, say } from "./frame.ts";
import { metadataListener } from "./listeners.ts";
import { startOperator } from "./operator.ts";
import { openServiceMirror, type ServiceMirror } from "./service-mirror.ts";
import { type CommandContext, openContext } from "./source.ts";
import { openState, seededSettings } from "./state.ts";
import { openVendorData } from "./vendor-data.ts";

/** `guestwire serve`: runs until SIGTERM or SIGINT, then answers what is in flight. */
export function serveCommand(io: Io): Command {
	return commonOptions(new Command("serve")).action(async (options: CommonOptions) => {
		const stop = io.stopSignal();
		await using open = new AsyncDisposableStack();
		await start(options, io, open);
		if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
	});
}

/** Starts everything; what was opened, also when something later fails, `open` closes in the opposite order. */
async function start(options: CommonOptions, io: Io, open: AsyncDisposableStack): Promise<void> {
	const { log, flush } = logTo(io, (lines) => metrics.logLinesLost(lines));
	open.defer(flush);
	const state: ServiceState = { isReady: false, isOutdated: false, isMirrorReady: () => true };
	const registry = new Registry();
	const { context, database } = await openSource(options, io, { log, state, registry }, open);
	const { config, instances } = context;
	const metrics = createMetrics(instances, registry);
	const listeners = await Promise.all(
		config.metadata.map((listener, index) => metadataListener(listener, ["metadata", index], context, io)),
	);
	const passwords = createPasswordStore(database);
	const vendorData = await openVendorData(context, io, { log, count: metrics.vendorData });
	open.defer(() => vendorData.close());
	const documents = createGuestDocuments(await seededSettings(context, database), vendorData);
	const parts = { instances, documents, passwords, metrics, log };
	const health = { isReady: () => state.isReady && state.isMirrorReady(), isOutdated: () => state.isOutdated };
	const operator = await startOperator(context, database, { ...parts, ...health }, { open, stored: state.stored });
	const history = await openRecorder(database, { log, onLost: metrics.historyLost });
	open.defer(() => history.close());
	const metadata = await startMetadataService({ ...parts, listeners, record: history.record });
	open.defer(() => metadata.close());
	open.defer(() => {
		state.isReady = false;
	});
	state.isReady = true;
	for (const [index, { identity }] of listeners.entries())
		greetGuests(io, metadata.addresses[index] ?? "", identity.mode);
	greetOperator(io, operator.address, config.operator.tokenFile);
}

/** What `/readyz` reports. */
interface ServiceState {
	isReady: boolean;
	isOutdated: boolean;
	isMirrorReady: () => boolean;
	/** See ServiceMirror; absent without a mirror. */
	stored?: ServiceMirror["stored"];
}

interface SourceParts {
	readonly log: Log;
	readonly state: ServiceState;
	readonly registry: Registry;
}

/** Opens the source, with a mirror in front of it if it is remote, and the state, which the mirror is part of. */
async function openSource(
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
		...{ onReload, onStale: staleLogger(log) },
		async mirrored(remote, config, sharing) {
			const parts = { config, sharing, database: await openOnce(config), registry, log };
			const mirror = await openServiceMirror(remote, parts);
			state.isMirrorReady = mirror.isReady;
			state.stored = mirror.stored;
			return mirror.source;
		},
	});
	open.defer(() => context.close());
	return { context, database: await openOnce(context.config) };
}

/** Milliseconds after the end of the log in which the process has to end too. */
const EXIT_GRACE = 500;

/** The log goes to stdout; in the background if that is the process's own. */
function logTo({ stdout }: Io, onLost: (lines: number) => void): LogFile {
	if (stdout !== process.stdout) {
		return { log: createLog({ write: (line) => stdout.write(line) }), flush: async () => {} };
	}
	surviveHangup();
	const { log, flush } = openLog(stdoutSink(process.stdout, { backlog: LOG_BACKLOG }), onLost);
	return {
		log,
		async flush() {
			await flush();
			// Lines for a socket that nobody reads would keep the process from ending.
			setTimeout(() => process.exit(), EXIT_GRACE).unref();
		},
	};
}

/** A service goes on when its terminal or the reader of its log goes away. On SIGHUP there is nothing to reload. */
function surviveHangup(): void {
	process.on("SIGHUP", () => {});
	process.stdout.removeAllListeners("error").on("error", () => {});
}

/** Logs each key at most once per minute. */
function staleLogger(log: Log): InstanceCacheOptions["onStale"] {
	const logged = new LRUCache<string, true>({ max: 1000, ttl: 60_000 });
	return ({ key, ageSeconds, reason }) => {
		if (logged.has(key)) return;
		logged.set(key, true);
		log.warn(
			{ key, ageSeconds, detail: reason instanceof Error ? reason.message : String(reason) },
			"old answer given",
		);
	};
}

/** What to try: a path that the listener answers to somebody on this machine, without any secret. */
function greetGuests(io: Io, address: string, identity: IdentityMode): void {
	const path = identity === "fixed" ? "/openstack/latest/network_data.json" : "/openstack";
	say(io, `metadata for guests (identity ${identity}): curl ${target(address, path)}`);
}

function greetOperator(io: Io, address: string, tokenFile: string | undefined): void {
	const token = tokenFile === undefined ? "" : `-H "Authorization: Bearer $(cat ${tokenFile})" `;
	say(io, `for operators: curl ${token}${target(address, "/api/instances")}`);
}

/** As curl takes it. */
function target(address: string, path: string): string {
	return address.startsWith("http") ? `${address}${path}` : `--unix-socket ${address} http://localhost${path}`;
}
