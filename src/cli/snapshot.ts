import { SingleBar } from "cli-progress";
import { Command } from "commander";
import { GuestwireError } from "../errors.ts";
import { createInventoryWriter, type InventoryWriter, prepareFolder } from "../source/files/write-inventory.ts";
import type { FactsSource } from "../source/source.ts";
import { type CommonOptions, commonOptions, type Io, printResult, say } from "./frame.ts";
import { openMirrorFacts } from "./snapshot-mirror.ts";
import { openContext } from "./source.ts";
import { openState } from "./state.ts";

interface SnapshotOptions extends CommonOptions {
	readonly directory: string;
	readonly includeUserData?: boolean;
	readonly force?: boolean;
	readonly fromMirror?: boolean;
}

/** `guestwire snapshot`: the facts of all instances as an inventory (docs/inventory.md) with the same documents. */
export function snapshotCommand(io: Io): Command {
	return commonOptions(new Command("snapshot"))
		.requiredOption("-d, --directory <dir>", "folder to write the inventory into")
		.option("--include-user-data", "include user data, which often contains secrets")
		.option("--force", "replace an existing snapshot")
		.option("--from-mirror", "read what guestwire serve has stored, and do not ask the cloud")
		.action(async (options: SnapshotOptions) => {
			await prepareFolder(options.directory, options.force === true);
			// The profile nova needs more facts than the other: a snapshot taken for it serves both.
			await using open = new AsyncDisposableStack();
			let source: FactsToSave | undefined;
			const context = await openContext({ ...options, profile: "nova" }, io, {
				...(options.fromMirror && {
					async mirrored(remote, config) {
						const state = open.adopt(await openState(config.state, io), (opened) => opened.close());
						const userData = options.includeUserData === true;
						source = await openMirrorFacts(state, remote.sourceId, { userData });
						return remote;
					},
				}),
			});
			open.defer(() => context.close());
			if (options.fromMirror && source === undefined) {
				throw new GuestwireError("usage", "--from-mirror is for a cloud: an inventory has no mirror");
			}
			await takeSnapshot(source ?? context.source, options, io);
		});
}

type FactsToSave = Pick<FactsSource, "list" | "facts">;

async function takeSnapshot(source: FactsToSave, options: SnapshotOptions, io: Io): Promise<void> {
	const ids = (await source.list()).map(({ id }) => id);
	const writer = createInventoryWriter({ userData: options.includeUserData === true });
	const failures = await readFacts(source, ids, writer, io);
	const files = await writer.write(options.directory);
	for (const failure of failures) say(io, failure);
	const instances = writer.servers;
	printResult(io, options, { instances, files }, () => [...files, `${instances} instances`].join("\n"));
	if (failures.length > 0) {
		throw new GuestwireError("cloud-answer", `${failures.length} of ${ids.length} instances are missing: see above`);
	}
}

/** Enough for look-ups to share calls well. */
const AT_ONCE = 200;

/** Adds the facts of all instances, and returns the reasons why some are missing. */
async function readFacts(
	source: FactsToSave,
	ids: readonly string[],
	writer: InventoryWriter,
	io: Io,
): Promise<string[]> {
	const failures: string[] = [];
	const bar = new SingleBar({ stream: io.stderr, format: "{bar} {value}/{total} instances, {eta_formatted} left" });
	bar.start(ids.length, 0);
	for (let start = 0; start < ids.length; start += AT_ONCE) {
		const some = ids.slice(start, start + AT_ONCE);
		const results = await Promise.allSettled(some.map((id) => source.facts(id, "all")));
		for (const [at, result] of results.entries()) {
			if (result.status === "rejected") failures.push(`${some[at]}: ${reasonOf(result.reason)}`);
			else if (result.value !== undefined) writer.add(result.value);
		}
		bar.increment(some.length);
	}
	bar.stop();
	return failures;
}

function reasonOf(error: unknown): string {
	if (error instanceof GuestwireError) return error.message;
	throw error;
}
