/** Data that a view shows: loaded, loaded again when something changes, and kept on show meanwhile. */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, getJson } from "./api.ts";
import { session } from "./session.ts";

export interface Resource<T> {
	/** The latest answer; undefined before the first one. */
	readonly data: T | undefined;
	readonly error: string | undefined;
}

/** Milliseconds until an answer is given up: a connection may break without a sign. */
const TIMEOUT = 60_000;

/** @param revision loads again when it differs */
export function useResource<T>(path: string, revision: number | string = 0): Resource<T> {
	const [state, setState] = useState<Resource<T> & { readonly of: string }>({
		data: undefined,
		error: undefined,
		of: path,
	});
	const loader = useRef<Loader | undefined>(undefined);
	useEffect(() => {
		const own = createLoader(async (signal) => {
			try {
				const data = await getJson<T>(path, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]));
				if (!signal.aborted) setState({ data, error: undefined, of: path });
			} catch (error) {
				if (signal.aborted) return;
				if (error instanceof ApiError && error.status === 401) session.expire();
				const text = error instanceof Error ? error.message : String(error);
				// What another path gave must not stay on show under the name of this one.
				setState((last) => ({ data: last.of === path ? last.data : undefined, error: text, of: path }));
			}
		});
		loader.current = own;
		return own.stop;
	}, [path]);
	useEffect(() => loader.current?.load(), [path, revision]);
	return state;
}

interface Loader {
	load(): void;
	stop(): void;
}

/** After loading there is a pause, this many times as long, and at most MAX_REST: a computer may have slept meanwhile. */
const REST = 1;
const MAX_REST = 5000;

/**
 * Loads once at a time, however often it is asked to: what changes while it loads, or rests, is loaded afterwards. Changes
 * may come faster than answers.
 */
function createLoader(request: (signal: AbortSignal) => Promise<void>): Loader {
	const abort = new AbortController();
	let isBusy = false;
	let isStale = false;
	async function run(): Promise<void> {
		while (isStale && !abort.signal.aborted) {
			isStale = false;
			const started = performance.now();
			await request(abort.signal);
			const took = performance.now() - started;
			await new Promise((resolve) => setTimeout(resolve, Math.min(took * REST, MAX_REST)));
		}
		isBusy = false;
	}
	return {
		load() {
			isStale = true;
			if (isBusy) return;
			isBusy = true;
			run();
		},
		stop: () => abort.abort(),
	};
}
