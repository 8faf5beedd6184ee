/** State in a real PostgreSQL: a cluster of the test's own, on a socket in a folder of its own. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPasswordStore } from "../../src/store/password-store.ts";
import { postgresDatabase } from "../../src/store/postgres.ts";
import { keepsPasswords } from "../password-store-contract.ts";

const versions = readdirSync("/usr/lib", { withFileTypes: true }).some(({ name }) => name === "postgresql")
	? readdirSync("/usr/lib/postgresql")
	: [];
const bin = versions.length > 0 ? `/usr/lib/postgresql/${versions.at(-1)}/bin` : undefined;

describe.skipIf(bin === undefined)("PostgreSQL (apt-get install postgresql)", () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-pg-"));
	let databases = 0;

	/** PostgreSQL refuses to run as root. */
	const asServer = (program: string, ...args: string[]) => {
		const command = [join(bin ?? "", program), ...args];
		const [file = "", ...rest] =
			userInfo().uid === 0
				? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", ...command]
				: command;
		execFileSync(file, rest, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
	};
	const urlOf = (database: string) => `postgres://postgres@/${database}?host=${encodeURIComponent(folder)}`;

	beforeAll(() => {
		chmodSync(folder, 0o777);
		asServer("initdb", "-D", join(folder, "data"), "-U", "postgres", "-A", "trust", "--no-sync");
		const options = `-c listen_addresses='' -c unix_socket_directories=${folder} -c fsync=off`;
		asServer("pg_ctl", "-D", join(folder, "data"), "-l", join(folder, "log"), "-w", "-o", options, "start");
	});

	afterAll(() => {
		asServer("pg_ctl", "-D", join(folder, "data"), "-m", "immediate", "stop");
		rmSync(folder, { recursive: true });
	});

	keepsPasswords(async () => {
		databases += 1;
		asServer("createdb", "-h", folder, "-U", "postgres", `state${databases}`);
		return postgresDatabase(urlOf(`state${databases}`));
	});

	test("a database that is not there is told, without any password in it", async () => {
		const url = urlOf("missing").replace("postgres@", "postgres:hush@");
		const error = await openPasswordStore(postgresDatabase(url)).catch((reason) => reason);
		expect(error).toMatchObject({ code: "state", message: expect.stringContaining('"missing" does not exist') });
		expect(error.message).not.toContain("hush");
	});
});
