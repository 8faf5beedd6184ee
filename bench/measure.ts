/** What benchmarks measure with. */
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The mean of the two middle values if their number is even. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
	const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
	return (lower + upper) / 2;
}

/** Microseconds of CPU time of a process: of its main thread, and of all threads that it has. */
export function cpuTimes(pid: number): { readonly main: number; readonly all: number } {
	// schedstat is in nanoseconds.
	const of = (thread: string | number) =>
		Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1000;
	const all = readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + of(thread), 0);
	return { main: of(pid), all };
}

/** The memory of a process. */
export function residentBytes({ pid }: ChildProcess): number {
	const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
	return Number(kibibytes) * 1024;
}
