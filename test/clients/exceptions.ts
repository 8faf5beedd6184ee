/**
 * Differences that are a client's own: each with its defect. A difference that no exception names fails the test, and so
 * does an exception of a run that no longer occurs. `GH` numbers are of https://github.com/canonical/cloud-init.
 */

/** A run of a client or guest, as exceptions name it. */
export interface RunName {
	readonly suite: string;
	/** cloud-init's renderer, or a guest's role. */
	readonly client: string;
	readonly source: string;
	readonly wiring: string;
}

export interface Exception {
	/** Members that are left out hold for all. */
	readonly runs: { readonly [member in keyof RunName]?: readonly string[] };
	readonly difference: RegExp;
	readonly defect: string;
}

/** Explains differences by exceptions, and remembers which occurred. */
export interface Explainer {
	/** Those of the differences that no exception explains. */
	unexplained(run: RunName, differences: readonly string[]): string[];
	/** The defects that explain the others. */
	defects(run: RunName, differences: readonly string[]): string[];
	/** Exceptions that applied to a run so far without occurring in any. */
	unused(): string[];
}

export function createExplainer(exceptions: readonly Exception[]): Explainer {
	const applied = new Set<Exception>();
	const occurred = new Set<Exception>();
	return {
		unexplained(run, differences) {
			const own = exceptions.filter(({ runs }) => appliesTo(runs, run));
			for (const exception of own) {
				applied.add(exception);
				if (differences.some((line) => exception.difference.test(line))) occurred.add(exception);
			}
			return differences.filter((line) => !own.some(({ difference }) => difference.test(line)));
		},
		defects: (run, differences) =>
			exceptions
				.filter(({ runs, difference }) => appliesTo(runs, run) && differences.some((line) => difference.test(line)))
				.map(({ defect }) => defect),
		unused: () =>
			[...applied].filter((one) => !occurred.has(one)).map(({ difference, defect }) => `${difference}: ${defect}`),
	};
}

function appliesTo(runs: Exception["runs"], run: RunName): boolean {
	const members = Object.keys(runs) as (keyof RunName)[];
	return members.every((member) => runs[member]?.includes(run[member]));
}
