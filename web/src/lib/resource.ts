/** Data that a view shows: loaded, loaded again when something changes, and kept on show meanwhile. */
import { useEffect, useState } from "preact/hooks";
import { ApiError, getJson } from "./api.ts";
import { session } from "./session.ts";

export interface Resource<T> {
	/** The latest answer; undefined before the first one. */
	readonly data: T | undefined;
	readonly error: string | undefined;
}

/** @param revision loads again when it differs */
export function useResource<T>(path: string, revision: number | string = 0): Resource<T> {
	const [state, setState] = useState<Resource<T> & { readonly path?: string }>({ data: undefined, error: undefined });
	useEffect(() => {
		const abort = new AbortController();
		getJson<T>(path, abort.signal).then(
			(data) => setState({ data, error: undefined, path }),
			(error: unknown) => {
				if (abort.signal.aborted) return;
				if (error instanceof ApiError && error.status === 401) session.expire();
				setState((last) => ({ ...last, error: error instanceof Error ? error.message : String(error), path }));
			},
		);
		return () => abort.abort();
	}, [path, revision]);
	return state;
}
