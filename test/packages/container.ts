/** A bare Debian with systemd as its init, in a container of systemd-nspawn with nothing but a loopback interface. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { SuiteName } from "../clients/suite.ts";
import { CACHE, program } from "../system/programs.ts";

/** What is in no minimal installation: an init, and a guest that asks. The others are shells whose completions are tested. */
const PACKAGES = "systemd-sysv,curl,bash-completion,fish,man-db,zsh";

export interface Container {
	/** Runs a script of bash as root. */
	run(script: string): Promise<Ran>;
	close(): Promise<void>;
}

export interface Ran {
	readonly code: number | null;
	/** Both streams, as they came. */
	readonly output: string;
}

let count = 0;

/**
 * Boots a suite. What it changes is in memory, and lost at the end.
 *
 * @param folder folder that the container sees as /release, read-only
 */
export async function bootContainer(suite: SuiteName, folder: string): Promise<Container> {
	const name = `guestwire-${process.pid}-${count++}`;
	const group = join(unifiedHierarchy(), name);
	mkdirSync(group);
	const nspawn = spawn(
		"sh",
		[
			"-c",
			`echo $$ >${group}/cgroup.procs; exec "$0" "$@"`,
			program("systemd-nspawn"),
			...nspawnOptions(suite, folder, name),
		],
		{
			env: { ...process.env, UNIFIED_CGROUP_HIERARCHY: "1", SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" },
			stdio: ["ignore", "ignore", "pipe"],
		},
	);
	let errors = "";
	nspawn.stderr?.on("data", (chunk) => {
		errors += chunk;
	});
	const init = await until(() => {
		if (nspawn.exitCode !== null) throw new Error(`systemd-nspawn failed: ${errors}`);
		return childOf(nspawn.pid ?? 0);
	});
	const run = (script: string) => runInside(init, script);
	await until(async () => {
		const { output } = await run("systemctl is-system-running");
		return /^(running|degraded)$/m.test(output) || undefined;
	});
	return {
		run,
		async close() {
			const ended = once(nspawn, "exit");
			process.kill(init, "SIGKILL");
			await ended;
			await until(() => isRemoved(group) || undefined);
		},
	};
}

function nspawnOptions(suite: SuiteName, folder: string, name: string): string[] {
	return [
		...["--quiet", "--register=no", "--keep-unit", `--machine=${name}`, "--console=passive"],
		...[
			`--directory=${bareRoot(suite)}`,
			"--volatile=overlay",
			"--private-network",
			`--bind-ro=${folder}:/release`,
			"--boot",
		],
	];
}

/** A minimal root file system. Made by mmdebstrap at the first use, and kept. */
export function bareRoot(suite: SuiteName): string {
	const recipe = createHash("sha256").update(PACKAGES).digest("hex").slice(0, 12);
	const root = join(CACHE, "bare", `${suite}-${recipe}`);
	if (existsSync(root)) return root;
	const made = `${root}-new-${process.pid}`;
	mkdirSync(dirname(root), { recursive: true });
	const options = [
		"--mode=root",
		"--variant=minbase",
		`--include=${PACKAGES}`,
		"--aptopt=APT::Install-Recommends false",
	];
	const { status, stderr } = spawnSync(program("mmdebstrap"), [...options, suite, made], { encoding: "utf8" });
	if (status !== 0) throw new Error(`mmdebstrap failed: ${stderr.slice(-4000)}`);
	rmSync(join(made, "etc/resolv.conf"), { force: true });
	writeFileSync(join(made, "etc/machine-id"), "");
	renameSync(made, root);
	return root;
}

/** Where the second version of control groups is mounted, which has a different place if the first one is used too. */
function unifiedHierarchy(): string {
	const mounted = readFileSync("/proc/self/mounts", "utf8").match(/^\S+ (\S+) cgroup2 /m)?.[1];
	if (mounted === undefined) throw new Error("cgroup2 is not mounted");
	return mounted;
}

function childOf(pid: number): number | undefined {
	const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
	return Number(children[0]) || undefined;
}

/** A control group can be removed when the kernel has removed its last process, and from the leaves up. */
function isRemoved(group: string): boolean {
	spawnSync("find", [group, "-mindepth", "1", "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
	try {
		rmdirSync(group);
		return true;
	} catch {
		return !existsSync(group);
	}
}

async function runInside(init: number, script: string): Promise<Ran> {
	const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
	const child = spawn(
		program("nsenter"),
		[`--target=${init}`, ...namespaces, "--", "env", "-i", "bash", "-lc", script],
		{
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
	}
	const [code] = await once(child, "close");
	return { code, output };
}

/** Asks again until there is an answer. */
export async function until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		await setTimeout(100);
	}
}
