/** The values of chosen headers, in the order of the names, and the first name that came more than once. */
export interface PickedHeaders {
	readonly values: readonly (string | undefined)[];
	readonly repeated: string | undefined;
}

/**
 * Picks a few headers out of node's `rawHeaders`, where a header that was sent twice differs from one whose value
 * contains a comma. This runs for each request, hence the comparison of lengths before any lower-casing.
 *
 * @param names as they are written in responses; matched regardless of case
 */
export function headerPicker(names: readonly string[]): (rawHeaders: readonly string[]) => PickedHeaders {
	const lowerCase = names.map((name) => name.toLowerCase());
	return (rawHeaders) => {
		const values = new Array<string | undefined>(names.length).fill(undefined);
		let repeated: string | undefined;
		for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
			const name = rawHeaders[i] as string;
			for (let n = 0; n < lowerCase.length; n++) {
				if (name.length !== lowerCase[n]?.length || name.toLowerCase() !== lowerCase[n]) continue;
				if (values[n] !== undefined) repeated ??= names[n];
				values[n] = rawHeaders[i + 1];
			}
		}
		return { values, repeated };
	};
}

/** The first value of a header in node's `rawHeaders`. For logs: identity needs `headerPicker`, which sees repetitions. */
export function firstHeader(rawHeaders: readonly string[], lowerCaseName: string): string | undefined {
	for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
		const name = rawHeaders[i] as string;
		if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) return rawHeaders[i + 1];
	}
	return undefined;
}
