/** Where a client stops for a reason that no other rule knows. */
import { CLIENTS } from "../clients/index.ts";
import type { Rule } from "../rule.ts";

export const clientStopsRules: readonly Rule[] = [
	{
		id: "client-stops",
		title: "Values that make a client stop, often only together with others",
		fix: "write every member with its usual type, and give each network all members: type, address, netmask, routes",
		fallback: true,
		concerns: ({ client, renderer }, { document, pointer }) => client.stops?.(document, renderer)?.pointer === pointer,
		*find(document) {
			const stops = CLIENTS.flatMap((client) =>
				client.renderers.flatMap(({ name }) => client.stops?.(document, name) ?? []),
			);
			const byPointer = new Map(stops.map(({ pointer, text }) => [pointer, text]));
			for (const [pointer, text] of byPointer) yield { pointer, message: `a client stops here: ${text}` };
		},
	},
];
