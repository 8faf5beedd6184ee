/** One document of the walk. */

export interface Step {
	/** `links[0].mtu = ""`. */
	readonly title: string;
	readonly document: unknown;
	/** The document as JSON, with numbers as they are written. */
	readonly text: string;
}

/** @param document may have numbers written with a fraction */
export function step(title: string, document: unknown): Step {
	const text = JSON.stringify(document);
	return { title, document: JSON.parse(text), text };
}

/** JavaScript's own functions for numbers that it would write otherwise. */
const json = JSON as unknown as { rawJSON(text: string): unknown };

/** A whole number that is written with a fraction: `1500.0`. */
export class Fraction {
	readonly #value: number;

	constructor(value: number) {
		this.#value = value;
	}

	toJSON(): unknown {
		return json.rawJSON(`${this.#value}.0`);
	}
}
