/** The recorded meanings of a client's files, compared with the findings of the check, cell by cell. */
import { type Aspect, UNSEEN } from "./aspects.ts";
import { contradictions, type Visible } from "./claims.ts";
import { digestOf, findingsIn, STEPS } from "./fates.ts";

/** The documents of the walk, each once, by digest. */
export const DOCUMENTS = [...new Map(STEPS.map((step) => [digestOf(step), step]))];

/** A difference that is known, for the very cells that it is known for. */
export interface Known {
	readonly why: string;
	/** `RENDERER: DOCUMENT: missed: ASPECT` or `RENDERER: DOCUMENT: false alarm: RULE`; for effects `RENDERER: DOCUMENT: RULE`. */
	readonly cell: RegExp;
}

export interface Comparison {
	/** As on the command line of the check. */
	readonly client: string;
	readonly renderers: readonly string[];
	readonly meanings: ReadonlyMap<string, readonly string[]>;
	readonly visible?: Visible;
	readonly exceptions: readonly Known[];
	/** Effects that a finding promises and that the files cannot show. */
	readonly hiddenEffects: readonly Known[];
}

export type Cells = Record<"compared" | keyof typeof UNSEEN, number>;

/** What a comparison found. All lists should be empty. */
export interface Differences {
	readonly cells: Cells;
	readonly unexplained: readonly string[];
	/** Promised effects that other losses hide, and that no sound document shows. */
	readonly unproved: readonly string[];
	/** Exceptions that no cell needs. */
	readonly unused: readonly string[];
	/** In one line. */
	readonly summary: string;
}

interface Effect {
	readonly cell: string;
	readonly like: string;
}

/**
 * Effects that a cell's files cannot show. If that is because the files have an invalid value, the sound document from which
 * this one was made must show the effect.
 */
function hiddenIn(renderer: string, title: string, differing: readonly Aspect[], rules: readonly string[]): Effect[] {
	const sound = differing.includes("unreadable") ? /^([\w ,]+)[.[]/.exec(title)?.[1] : undefined;
	const step = STEPS.find((one) => one.title === sound);
	const like = step && digestOf(step);
	return rules.map((rule) => ({ cell: `${renderer}: ${title}: ${rule}`, like: `${renderer}: ${like}: ${rule}` }));
}

export function compareMeanings(comparison: Comparison): Differences {
	const { client, renderers, meanings, visible, exceptions, hiddenEffects } = comparison;
	const cells: Cells = { compared: 0, crash: 0, refused: 0, unplanned: 0 };
	const shown = new Set<string>();
	const hidden: Effect[] = [];
	const differences = DOCUMENTS.flatMap(([digest, step]) => {
		const { title } = step;
		const recorded = meanings.get(digest);
		if (!recorded) return [`${title}: not recorded (node test/check/record-walk.ts)`];
		const findings = findingsIn(step, client);
		return renderers.flatMap((renderer, index) => {
			const text = recorded[index] ?? "";
			const reason = (["crash", "refused", "unplanned"] as const).find((name) => UNSEEN[name] === text);
			cells[reason ?? "compared"]++;
			if (reason) return [];
			const differing = (text === "-" ? [] : text.split("+")) as Aspect[];
			const { missed, alarms, ...promised } = contradictions(findings, renderer, differing, visible);
			hidden.push(...hiddenIn(renderer, title, differing, promised.hidden));
			for (const rule of promised.shown) shown.add(`${renderer}: ${digest}: ${rule}`);
			return [...missed.map((aspect) => `missed: ${aspect}`), ...alarms.map((rule) => `false alarm: ${rule}`)].map(
				(what) => `${renderer}: ${title}: ${what}`,
			);
		});
	});
	const isKnown = (cell: string, known: readonly Known[]) => known.some((one) => one.cell.test(cell));
	const unexplained = differences.filter((cell) => !isKnown(cell, exceptions));
	const unproved = hidden.filter(({ cell, like }) => !shown.has(like) && !isKnown(cell, hiddenEffects));
	const unneeded = (known: readonly Known[], found: readonly string[]) =>
		known.filter(({ cell }) => !found.some((one) => cell.test(one))).map(({ why }) => why);
	return {
		cells,
		unexplained,
		unproved: unproved.map(({ cell }) => cell),
		unused: [
			...unneeded(exceptions, differences),
			...unneeded(
				hiddenEffects,
				hidden.map(({ cell }) => cell),
			),
		],
		summary:
			`${client}: ${cells.compared} cells, ${unexplained.length} differences ` +
			`(${differences.length} known), ${hidden.length} promised effects that others hide; ` +
			`not compared: ${cells.unplanned} without a plan, ${cells.crash} crashes, ${cells.refused} refused`,
	};
}
