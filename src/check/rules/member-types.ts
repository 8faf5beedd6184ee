/** Values of types that a client's parser refuses, where no other rule says so. */
import type { ParsedTypes, ValueTest } from "../clients/client.ts";
import { CLIENTS } from "../clients/index.ts";
import { type DocumentView, type Entry, routesOf } from "../document-view.ts";
import { member, show } from "../json.ts";
import type { FoundFault, Rule } from "../rule.ts";

export const memberTypeRules: readonly Rule[] = [
	{
		id: "member-type",
		title: "A value of an unusual type, for clients that then refuse the whole document",
		fix: "write ids, names and addresses as text, MTUs and metrics as numbers, lists of name servers as lists of text; leave out a gateway that is null",
		fallback: true,
		concerns: ({ client }, { pointer, value, ...parts }) => {
			const accepts = client.parsedTypes?.[kindOf(parts)]?.[pointer.slice(pointer.lastIndexOf("/") + 1)];
			return accepts?.(value) === false;
		},
		*find(document) {
			const tests = testsOfMembers();
			for (const [entry, parts] of entriesOf(document)) {
				for (const [name, accepted] of tests[kindOf(parts)]) {
					const value = member(entry.raw, name);
					if (value === undefined || accepted.every((accepts) => accepts(value))) continue;
					yield { pointer: `${entry.pointer}/${name}`, message: `${name} is ${show(value)}`, value, ...parts };
				}
			}
		},
	},
];

type Parts = Pick<FoundFault, "link" | "network" | "route" | "service">;

function kindOf({ link, network, route }: Parts): keyof ParsedTypes {
	if (route) return "routes";
	if (network) return "networks";
	return link ? "links" : "services";
}

type Tests = ReadonlyMap<string, readonly ValueTest[]>;

/** For each kind of entry, what clients' parsers accept in each member. */
function testsOfMembers(): Readonly<Record<keyof ParsedTypes, Tests>> {
	const testsOf = (kind: keyof ParsedTypes): Tests => {
		const entries = CLIENTS.flatMap(({ parsedTypes }) => Object.entries(parsedTypes?.[kind] ?? {}));
		const byName = Map.groupBy(entries, ([name]) => name);
		return new Map([...byName].map(([name, all]) => [name, all.map(([, accepts]) => accepts)]));
	};
	return {
		links: testsOf("links"),
		networks: testsOf("networks"),
		routes: testsOf("routes"),
		services: testsOf("services"),
	};
}

/** Every entry of the document that a parser reads. */
function entriesOf(document: DocumentView): [Entry, Parts][] {
	return [
		...document.links.map((link): [Entry, Parts] => [link, { link }]),
		...document.networks.map((network): [Entry, Parts] => [network, { network }]),
		...routesOf(document).map((route): [Entry, Parts] => [route, { route, network: route.owner }]),
		...document.services.map((service): [Entry, Parts] => [service, { service }]),
	];
}
