/** What the folder of a source provides to `registry.ts`. */
import { GuestwireError } from "../errors.ts";
import type { Profile } from "../instance/profile.ts";
import type { FactsSource } from "./source.ts";

/** How changes are noticed, for a mirror. */
export interface ChangeOptions {
	/** A file with the address of the cloud's message bus: a secret. */
	readonly busFile?: string | undefined;
	/** How often the APIs are asked for changes that the bus does not report. Seconds. */
	readonly pollSeconds: number;
}

/** What a source is opened with, besides its own part of the configuration. */
export interface SourceContext {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** The profile of network data: `nova` needs more facts than `full`. */
	readonly profile: Profile;
	/** The configuration's `freshness`: the age in seconds up to which an answer counts as current. */
	readonly freshness: number;
	/** Given, a remote source offers signals. */
	readonly changes?: ChangeOptions | undefined;
	/** For checks: how long messages are waited for, in seconds. */
	readonly listenSeconds?: number | undefined;
	/**
	 * Given, a source that can watch its data does so, and calls this after each change: with the reason, in one line, why
	 * the previous state stays (once per reason), or undefined when the new one is in use.
	 */
	readonly onReload?: ((problem: string | undefined) => void) | undefined;
	/** Called with one line for each invalid record that makes an instance unavailable. */
	readonly onWarning?: ((message: string) => void) | undefined;
}

export interface OpenedSource {
	readonly source: FactsSource;
	/** Age in seconds up to which an answer counts as current; `Infinity` for a source that reports every change. */
	readonly maxAge: number;
	/** Seconds by which the source's own answers may be old, because look-ups share what they have in common. */
	readonly sourceAge: number;
}

/** The result of one check by `guestwire doctor`. */
export interface CheckResult {
	readonly part: string;
	readonly ok: boolean;
	/** Whether it proves nothing, or something may go wrong later, although nothing is known to be wrong. */
	readonly warning?: true;
	/** What the check found and, if it failed, what to do. */
	readonly found: string;
}

/** One kind of source, with `C` its part of the configuration. */
export interface SourceKind<C> {
	/** @throws GuestwireError `config`, `inventory` */
	open(config: C, context: SourceContext): Promise<OpenedSource>;
	/** Checks each part the source depends on. */
	check(config: C, context: SourceContext): Promise<readonly CheckResult[]>;
}

/** What a check found if it is a warning. */
export interface CheckWarning {
	readonly warning: string;
}

/** Runs one check: its text or warning, or the error that it failed with. */
export async function checkPart(part: string, check: () => Promise<string | CheckWarning>): Promise<CheckResult> {
	try {
		const found = await check();
		return typeof found === "string"
			? { part, ok: true, found }
			: { part, ok: true, warning: true, found: found.warning };
	} catch (error) {
		if (!(error instanceof GuestwireError)) throw error;
		return { part, ok: false, found: error.message };
	}
}
