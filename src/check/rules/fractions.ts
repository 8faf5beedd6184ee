/** Whole numbers that are written with a fraction. */

import type { DocumentView } from "../document-view.ts";
import { type Entry, routesOf } from "../document-view.ts";
import type { FoundFault, Rule } from "../rule.ts";

export const fractionRules: readonly Rule[] = [
	{
		id: "number-fraction",
		title: "A whole number that is written with a fraction or an exponent (`1500.0`, `1.5e3`)",
		fix: "write it as an integer: 1500",
		*find(document) {
			for (const link of document.links) for (const fault of fractionsOf(link, document)) yield { ...fault, link };
			for (const network of document.networks) {
				for (const fault of fractionsOf(network, document)) yield { ...fault, network };
			}
			for (const route of routesOf(document)) {
				for (const fault of fractionsOf(route, document)) yield { ...fault, route, network: route.owner };
			}
		},
	},
];

function* fractionsOf({ pointer: entry, raw }: Entry, { fractions }: DocumentView): Iterable<FoundFault> {
	for (const [name, value] of Object.entries(raw)) {
		const pointer = `${entry}/${name}`;
		if (!/^\w+$/.test(name) || !fractions.has(pointer)) continue;
		yield { pointer, message: `${name} is the number ${String(value)}, written with a fraction`, value };
	}
}
