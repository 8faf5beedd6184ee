/** A PostgreSQL of the test's own: its data and its socket are in a folder of its own. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

export interface PostgresServer {
	/** The unix socket that it listens on. */
	readonly socket: string;
	/** The URL of a database, which need not exist. */
	url(database: string): string;
	/** Creates an empty database. Returns its URL. */
	createDatabase(): string;
	/** Kills it, as a machine that loses power. */
	kill(): void;
	/** Starts it again. */
	restart(): void;
	/** Stops its processes in their tracks: connections stay open, and nothing answers. */
	freeze(): void;
	/** Lets them go on. */
	thaw(): void;
	/** Ends it for good. */
	stop(): void;
}

const ROOT = "/usr/lib/postgresql";
const versions = readdirSync("/usr/lib").includes("postgresql") ? readdirSync(ROOT) : [];

/** Debian's packages put the server's programs outside of PATH. */
export const hasPostgres = versions.length > 0;

function send(pid: number, name: NodeJS.Signals): void {
	try {
		process.kill(pid, name);
	} catch (error) {
		// A server that goes on ends processes whose clients have gone.
		if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
	}
}

export function startPostgres(): PostgresServer {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-pg-"));
	const data = join(folder, "data");
	let databases = 0;

	/** PostgreSQL refuses to run as root. */
	const run = (program: string, ...args: string[]) => {
		const command = [join(ROOT, versions.at(-1) ?? "", "bin", program), ...args];
		const isRoot = userInfo().uid === 0;
		const [file = "", ...rest] = isRoot
			? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", ...command]
			: command;
		execFileSync(file, rest, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
	};
	const url = (database: string) => `postgres://postgres@/${database}?host=${encodeURIComponent(folder)}`;

	chmodSync(folder, 0o777);
	run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync");
	const options = `-c listen_addresses='' -c unix_socket_directories=${folder} -c fsync=off`;
	const start = () => run("pg_ctl", "-D", data, "-l", join(folder, "log"), "-w", "-o", options, "start");
	const kill = () => run("pg_ctl", "-D", data, "-m", "immediate", "stop");
	/** The first process is the parent of all others. */
	const signal = (name: NodeJS.Signals) => {
		const file = join(data, "postmaster.pid");
		if (!existsSync(file)) return;
		const [first = ""] = readFileSync(file, "utf8").split("\n");
		send(Number(first), name);
		const others = readFileSync(`/proc/${first}/task/${first}/children`, "utf8").trim().split(" ");
		for (const each of others) send(Number(each), name);
	};
	start();
	return {
		...{ kill, restart: start, freeze: () => signal("SIGSTOP"), thaw: () => signal("SIGCONT") },
		socket: join(folder, ".s.PGSQL.5432"),
		url,
		createDatabase() {
			databases += 1;
			run("createdb", "-h", folder, "-U", "postgres", `state${databases}`);
			return url(`state${databases}`);
		},
		stop() {
			signal("SIGCONT");
			kill();
			rmSync(folder, { recursive: true });
		},
	};
}
