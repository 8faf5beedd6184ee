/** What goes wrong in the soak test. Each fault is switched on for a while, and off again. */
import type { ChildProcess } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lockFile } from "../lock-file.ts";
import type { PostgresServer } from "../system/postgres-server.ts";
import type { Behaviour } from "./cloud.ts";

export interface Fault {
	readonly name: string;
	/** Switches it on. @returns switches it off */
	begin(): Promise<() => Promise<void>>;
}

export interface Surroundings {
	readonly cloud: ChildProcess;
	/** The SQLite file of the service before the cloud. */
	readonly sqlite: string;
	/** The folder of that file and of the service's log, if it is a small disk of its own. */
	readonly disk: string | undefined;
	readonly postgres: PostgresServer | undefined;
	/** A file of the inventory. */
	readonly inventory: { readonly path: string; readonly text: string };
}

export function faultsOf({ cloud, sqlite, disk, postgres, inventory }: Surroundings): Fault[] {
	const behave = (behaviour: Behaviour) => void cloud.send(behaviour);
	const ofCloud = (behaviour: Behaviour): Fault => ({
		name: `the cloud's APIs are ${behaviour}`,
		async begin() {
			behave(behaviour);
			return async () => behave("normal");
		},
	});
	const locked: Fault = {
		name: "another process has locked the SQLite database",
		async begin() {
			const lock = await lockFile(sqlite);
			return () => lock.release();
		},
	};
	const full = (folder: string): Fault => ({
		name: "the disk of the SQLite database and of the log is full",
		async begin() {
			const filler = join(folder, "filler");
			fill(filler);
			return async () => rmSync(filler);
		},
	});
	const away = (server: PostgresServer): Fault => ({
		name: "PostgreSQL is away",
		async begin() {
			server.kill();
			return async () => server.restart();
		},
	});
	const frozen = (server: PostgresServer): Fault => ({
		name: "PostgreSQL is frozen",
		async begin() {
			server.freeze();
			return async () => server.thaw();
		},
	});
	const rewritten: Fault = {
		name: "the inventory is rewritten in steps",
		async begin() {
			let isOver = false;
			const done = (async () => {
				for (; !isOver; await sleep(1500)) await rewrite(inventory.path, inventory.text);
			})();
			return async () => {
				isOver = true;
				await done;
			};
		},
	};
	return [
		...(["slow", "hung", "away"] as const).map(ofCloud),
		locked,
		...(disk === undefined ? [] : [full(disk), together(ofCloud("hung"), full(disk))]),
		...(postgres === undefined ? [] : [away(postgres), frozen(postgres), together(frozen(postgres), rewritten)]),
		rewritten,
		together(ofCloud("away"), locked, rewritten),
	];
}

function together(...faults: readonly Fault[]): Fault {
	return {
		name: faults.map(({ name }) => name).join(", and "),
		async begin() {
			const ends: (() => Promise<void>)[] = [];
			for (const fault of faults) ends.unshift(await fault.begin());
			return async () => {
				for (const end of ends) await end();
			};
		},
	};
}

/** Writes until there is no space left. */
function fill(file: string): void {
	const block = Buffer.alloc(64 * 1024);
	for (;;) {
		try {
			writeFileSync(file, block, { flag: "a" });
		} catch {
			return;
		}
	}
}

/** As `generator > file` does. */
async function rewrite(path: string, text: string): Promise<void> {
	const half = text.indexOf("---", text.length / 2);
	writeFileSync(path, "");
	await sleep(700);
	writeFileSync(path, text.slice(0, half));
	await sleep(700);
	writeFileSync(path, text.slice(half), { flag: "a" });
}
