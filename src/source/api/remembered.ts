/** From this age on, an answer is asked for again: services are upgraded now and then. Milliseconds. */
const REMEMBERED = 600_000;

/** Asks once, and again when the answer is old; meanwhile the old one is used. Failures are not cached. */
export function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
	let answer: Promise<T> | undefined;
	let askedAt = 0;
	return () => {
		if (answer === undefined) {
			askedAt = performance.now();
			answer = ask().catch((error: unknown) => {
				answer = undefined;
				throw error;
			});
		} else if (performance.now() - askedAt > REMEMBERED) {
			askedAt = performance.now();
			ask().then(
				(newer) => {
					answer = Promise.resolve(newer);
				},
				() => {}, // the old answer stays
			);
		}
		return answer;
	};
}
