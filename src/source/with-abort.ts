/** The callbacks of a signal's callers. A listener for each would be compared with all others when it is added. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/** The promise, or a rejection with the signal's reason once the caller gives up. The work behind the promise goes on. */
export function withAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (signal === undefined) return promise;
	return new Promise((resolve, reject) => {
		const abort = () => reject(signal.reason);
		const all = callbacksOf(signal).add(abort);
		promise.then(resolve, reject).finally(() => all.delete(abort));
		if (signal.aborted) abort();
	});
}

function callbacksOf(signal: AbortSignal): Set<() => void> {
	const known = callbacks.get(signal);
	if (known !== undefined) return known;
	const all = new Set<() => void>();
	callbacks.set(signal, all);
	signal.addEventListener("abort", () => all.forEach((abort) => void abort()), { once: true });
	return all;
}
