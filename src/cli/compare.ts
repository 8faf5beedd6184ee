import { SingleBar } from "cli-progress";
import { Command, InvalidArgumentError, Option } from "commander";
import type { Pool } from "undici";
import { driveTree } from "../documents/drive-tree.ts";
import { GuestwireError } from "../errors.ts";
import { startMetadataService } from "../http/guest/metadata-service.ts";
import type { Instance } from "../instance/instance.ts";
import { readSecret } from "../read-secret.ts";
import {
	type Comparison,
	compareDrives,
	compareTrees,
	compareWithFull,
	describeDifference,
} from "../service/comparison.ts";
import { createGuestDocuments } from "../service/guest-documents.ts";
import { createLog } from "../service/log.ts";
import { createMetrics } from "../service/metrics.ts";
import { createPasswordStore } from "../store/password-store.ts";
import { asking, openPool, originOf, signed } from "./compare-requests.ts";
import { readImage } from "./drive-files.ts";
import { commonOptions, type Io, printResult } from "./frame.ts";
import { sharedSecret } from "./listeners.ts";
import { type CommandContext, type ContextOptions, findInstance, openContext } from "./source.ts";
import { openState, seededSettings } from "./state.ts";
import { openVendorData } from "./vendor-data.ts";

interface CompareOptions extends ContextOptions {
	readonly nova: string;
	readonly secretFile?: string;
	readonly parallel: number;
	readonly drive?: string;
}

/** A path where the two services differ for no documented reason. */
interface Difference {
	readonly instance: string;
	readonly name: string;
	readonly path: string;
	readonly difference: string;
}

interface Services {
	readonly secret: Uint8Array;
	readonly nova: Pool;
	readonly ours: Pool;
}

interface Result {
	readonly instances: number;
	paths: number;
	equal: number;
	deviating: number;
	/** How often each deviation applied. */
	readonly deviations: Record<string, number>;
	readonly differences: Difference[];
	/** Instances that could not be read and paths without an answer, each with the reason. */
	readonly failures: string[];
}

/** `guestwire compare`: every document of every instance, beside those of a running nova-api-metadata. */
export function compareCommand(io: Io): Command {
	return commonOptions(new Command("compare"))
		.argument("[instances...]", "ids or names; all instances by default")
		.option("--nova <url>", "where nova-api-metadata listens", "http://127.0.0.1:8775")
		.option(
			"--secret-file <file>",
			"file with Nova's metadata_proxy_shared_secret; that of the configuration by default",
		)
		.addOption(new Option("--profile <profile>", "the profile to compare").choices(["full", "nova"]).default("nova"))
		.option(
			"--drive <file>",
			"compare with the config drive that Nova made for the instance, without a request to either service",
		)
		.option("--parallel <number>", "instances at a time, 1 to 32", parallel, 2)
		.action(async (names: string[], options: CompareOptions) => {
			const result = await compareAll(names, options, io);
			printResult(io, options, { ...result, differing: result.differences.length }, () => table(result));
			const { differences, failures, paths } = result;
			const problems = [
				...(differences.length > 0 ? [`${differences.length} of ${paths} paths differ`] : []),
				...(failures.length > 0 ? [`${failures.length} instances or paths were not compared`] : []),
			];
			if (problems.length > 0) throw new GuestwireError("compare", `${problems.join(", ")}: see above`);
		});
}

function parallel(text: string): number {
	const number = Number(text);
	if (Number.isInteger(number) && number >= 1 && number <= 32) return number;
	throw new InvalidArgumentError("give a number from 1 to 32");
}

/** After so many the comparison ends: a service is down for longer than a restart. */
const MOST_FAILURES = 100;

async function compareAll(names: readonly string[], options: CompareOptions, io: Io): Promise<Result> {
	await using open = new AsyncDisposableStack();
	const context = await openContext(options, io);
	open.defer(() => context.close());
	if (options.drive !== undefined) return await compareDrive(names, options.drive, context, io, open);
	const secret = await secretOf(options, context, io);
	const ids = await instanceIds(names, context);
	const services: Services = {
		secret,
		ours: openPool(await startService(context, secret, io, open), options.parallel, open),
		nova: openPool(originOf(options.nova), options.parallel, open),
	};
	// A service that is not up at all is one error, and not one for each path.
	for (const pool of [services.nova, services.ours]) await asking(pool)("/");
	const result = emptyResult(ids.length);
	const bar = new SingleBar({ stream: io.stderr, format: "{bar} {value}/{total} instances, {eta_formatted} left" });
	open.defer(() => bar.stop());
	bar.start(ids.length, 0);
	const stop = io.stopSignal();
	const queue = [...ids];
	const work = async () => {
		for (let id = queue.shift(); id !== undefined && !stop.aborted; id = queue.shift()) {
			await compareOne(id, context, services, result);
			bar.increment();
			if (result.failures.length < MOST_FAILURES || queue.length === 0) continue;
			result.failures.push(`${queue.length} more instances, after ${result.failures.length} failures`);
			queue.length = 0;
		}
	};
	await Promise.all(Array.from({ length: options.parallel }, work));
	if (stop.aborted)
		throw new GuestwireError(
			"compare",
			`stopped with ${queue.length} of ${ids.length} instances left: run the command again`,
		);
	result.differences.sort(byInstance);
	return result;
}

function emptyResult(instances: number): Result {
	return { instances, paths: 0, equal: 0, deviating: 0, deviations: {}, differences: [], failures: [] };
}

/** Nova's own drive of one instance, beside the drive that Guestwire would make. */
async function compareDrive(
	names: readonly string[],
	file: string,
	context: CommandContext,
	io: Io,
	open: AsyncDisposableStack,
): Promise<Result> {
	const [name, ...others] = names;
	if (name === undefined || others.length > 0) {
		throw new GuestwireError("usage", "--drive takes exactly one instance: name it");
	}
	const original = await readImage(file);
	const result = emptyResult(1);
	const instance = await load(await findInstance(context.instances, name), context, result);
	if (instance === undefined) return result;
	const database = open.adopt(await openState(context.config.state, io), ({ close }) => close());
	const log = createLog({ write: () => {} });
	const vendorData = open.adopt(await openVendorData(context, io, { log }), ({ close }) => close());
	const documents = createGuestDocuments(await seededSettings(context, database), vendorData);
	for (const comparison of compareDrives(original, driveTree(await documents.complete(instance)))) {
		count(comparison, instance, context, result);
	}
	return result;
}

const byInstance = (a: Difference, b: Difference) => (a.name < b.name ? -1 : Number(a.name > b.name));

async function compareOne(id: string, context: CommandContext, services: Services, result: Result): Promise<void> {
	const instance = await load(id, context, result);
	// It was deleted after the list was made, or could not be read.
	if (instance === undefined) return;
	const headers = signed(instance, services.secret);
	for await (const comparison of compareTrees(asking(services.nova, headers), asking(services.ours, headers))) {
		if (comparison.outcome !== "unanswered") count(comparison, instance, context, result);
		else result.failures.push(`${instance.server?.name ?? id}: ${comparison.reason}`);
	}
}

function count(comparison: Comparison, { id, server }: Instance, { config }: CommandContext, result: Result): void {
	const compared = config.networkData.profile === "full" ? compareWithFull(comparison) : comparison;
	result.paths++;
	if (compared.outcome === "equal") result.equal++;
	if (compared.outcome === "deviating") result.deviating++;
	for (const name of compared.deviations) result.deviations[name] = (result.deviations[name] ?? 0) + 1;
	if (compared.outcome !== "differing") return;
	const { path } = compared;
	result.differences.push({ instance: id, name: server?.name ?? id, path, difference: describeDifference(compared) });
}

/** One instance that cannot be read does not end the comparison. */
async function load(id: string, { instances }: CommandContext, { failures }: Result): Promise<Instance | undefined> {
	try {
		return await instances.get(id, "all");
	} catch (error) {
		if (!(error instanceof GuestwireError)) throw error;
		failures.push(`${id}: ${error.message}`);
		return undefined;
	}
}

async function secretOf(options: CompareOptions, { config, where }: CommandContext, io: Io): Promise<Uint8Array> {
	if (options.secretFile !== undefined) return Buffer.from(await readSecret(options.secretFile, "--secret-file"));
	const index = Math.max(
		0,
		config.metadata.findIndex(({ identity }) => identity === "signed"),
	);
	return sharedSecret(config.metadata[index] ?? { listen: "", identity: "signed" }, ["metadata", index], where, io);
}

async function instanceIds(names: readonly string[], { instances }: CommandContext): Promise<string[]> {
	if (names.length > 0) return Promise.all(names.map((name) => findInstance(instances, name)));
	return (await instances.list()).map(({ id }) => id);
}

/** Guestwire as it would serve guests, on a free port of the loopback, for as long as the comparison lasts. */
async function startService(
	context: CommandContext,
	secret: Uint8Array,
	io: Io,
	open: AsyncDisposableStack,
): Promise<string> {
	const log = createLog({ write: () => {} });
	const database = await openState(context.config.state, io);
	open.defer(() => database.close());
	const metrics = createMetrics(context.instances);
	const vendorData = await openVendorData(context, io, { log, count: metrics.vendorData });
	open.defer(() => vendorData.close());
	const service = await startMetadataService({
		listeners: [{ listen: "127.0.0.1:0", identity: { mode: "signed", secret } }],
		instances: context.instances,
		documents: createGuestDocuments(await seededSettings(context, database), vendorData),
		passwords: createPasswordStore(database),
		log,
		metrics,
	});
	open.defer(() => service.close());
	return service.addresses[0] ?? "";
}

function table({ instances, paths, equal, deviating, deviations, differences, failures }: Result): string {
	const row = (count: number, what: string) => `${String(count).padStart(8)}  ${what}`;
	const named = Object.entries(deviations).sort(([a], [b]) => (a < b ? -1 : 1));
	return [
		`${instances} instances, ${paths} paths`,
		row(equal, "equal"),
		row(deviating, "different on purpose (docs/deviations.md)"),
		...named.map(([name, count]) => `  ${row(count, name)}`),
		row(differences.length, "different"),
		...differences.map(({ name, path, difference }) => `  ${name} ${path}: ${difference}`),
		...failures.map((failure) => `not compared: ${failure}`),
	].join("\n");
}
