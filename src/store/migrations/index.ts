/**
 * The migrations, in order. A migration is never changed once it is released, and it only adds: an older Guestwire must
 * be able to work with the tables of a newer one while the nodes of a cluster are updated.
 */
import { setTimeout } from "node:timers/promises";
import type { Kysely } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import * as passwords from "./0001-passwords.ts";
import * as secrets from "./0002-secrets.ts";
import * as mirror from "./0003-mirror.ts";
import * as requestHistory from "./0004-request-history.ts";
import * as passwordTimes from "./0005-password-times.ts";
import * as timesOfOldPasswords from "./0006-times-of-old-passwords.ts";
import * as clientEvidence from "./0007-client-evidence.ts";
import * as comparedAt from "./0008-compared-at.ts";
import * as nodes from "./0009-nodes.ts";
import * as remoteGroups from "./0010-remote-groups.ts";

/** Types that the engines spell differently. */
export interface ColumnTypes {
	readonly bytes: "blob" | "bytea";
}

/** How long a process that starts waits for others that migrate, and how often it looks, in milliseconds. */
const MIGRATION_TIMEOUT = 30_000;
const RETRY_INTERVAL = 100;

const MIGRATIONS = {
	"0001-passwords": passwords,
	"0002-secrets": secrets,
	"0003-mirror": mirror,
	"0004-request-history": requestHistory,
	"0005-password-times": passwordTimes,
	"0006-times-of-old-passwords": timesOfOldPasswords,
	"0007-client-evidence": clientEvidence,
	"0008-compared-at": comparedAt,
	"0009-nodes": nodes,
	"0010-remote-groups": remoteGroups,
};

/**
 * Applies the migrations that are missing, unless another process does so first.
 *
 * @param isBusy whether an error only means that another process is at work
 */
export async function ensureMigrated<Tables>(
	reader: Kysely<Tables>,
	types: ColumnTypes,
	apply: () => Promise<void>,
	isBusy: (error: unknown) => boolean,
): Promise<void> {
	const deadline = performance.now() + MIGRATION_TIMEOUT;
	for (;;) {
		try {
			if (!(await isMigrated(reader, types))) await apply();
			return;
		} catch (error) {
			if (!isBusy(error) || performance.now() > deadline) throw error;
		}
		await setTimeout(RETRY_INTERVAL);
	}
}

/** Reads only: a database that has all its tables can be opened while it is locked. */
async function isMigrated<Tables>(database: Kysely<Tables>, types: ColumnTypes): Promise<boolean> {
	const migrations = await migrator(database, types).getMigrations();
	return migrations.every(({ executedAt }) => executedAt !== undefined);
}

/** Applies the migrations that are missing. */
export async function migrate<Tables>(database: Kysely<Tables>, types: ColumnTypes): Promise<void> {
	const { error } = await migrator(database, types).migrateToLatest();
	if (error !== undefined) throw error;
}

function migrator<Tables>(db: Kysely<Tables>, types: ColumnTypes): Migrator {
	const entries = Object.entries(MIGRATIONS).map(([name, { up }]): [string, Migration] => [
		name,
		{ up: (database) => up(database, types) },
	]);
	return new Migrator({ db, provider: { getMigrations: async () => Object.fromEntries(entries) } });
}
