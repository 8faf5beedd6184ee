/** Sound documents of every kind, with random changes. */
import fc from "fast-check";
import { automatic, bonded, defaultRoute, dns, document, hostRoute, ipv4, ipv6, tagged, twoNics } from "./documents.ts";

const services = [dns(), dns("2001:db8::53")];

/** Sound documents of every kind. */
const SOUND: readonly unknown[] = [
	document(),
	twoNics({ routes: [defaultRoute(), hostRoute()], services: [dns()] }),
	document({ networks: [ipv4({ gateway: "10.0.0.1" }), ipv6({ routes: [defaultRoute("2001:db8::1")] })], services }),
	document({ networks: [automatic("ipv4_dhcp"), automatic("ipv6_slaac", { id: "network2" })] }),
	document({ networks: [automatic("ipv6_dhcpv6-stateful", { routes: [defaultRoute("fe80::1")], services: [dns()] })] }),
	bonded(),
	tagged(),
];

/** Replacements of values: faults that occur in practice, and worse ones. */
const REPLACEMENTS: readonly unknown[] = [
	null,
	0,
	1,
	-1,
	24,
	5000,
	1.5,
	true,
	"",
	"x",
	"24",
	"tap0",
	"tap1",
	"vlan0",
	"bond0",
	"network0",
	"10.0.0.9",
	"10.0.0.9/24",
	"2001:db8::9",
	"255.255.255.0",
	"ffff:ffff::",
	"ipv4",
	"ipv6",
	"ipv4_dhcp",
	"ipv6_slaac",
	"bond",
	"vlan",
	"52:54:00:00:00:01",
	[],
	["x"],
	[null],
	{},
	{ a: 1 },
];

/** A sound document with up to three of its values replaced, removed or repeated. */
export function mutated(): fc.Arbitrary<unknown> {
	const change = fc.record({
		place: fc.nat(),
		how: fc.constantFrom("replace" as const, "replace" as const, "remove" as const, "repeat" as const),
		by: fc.constantFrom(...REPLACEMENTS),
	});
	return fc
		.tuple(fc.constantFrom(...SOUND), fc.array(change, { minLength: 1, maxLength: 3 }))
		.map(([sound, changes]) => {
			const root = structuredClone(sound);
			for (const { place, how, by } of changes) {
				const places = placesOf(root);
				const [holder, key] = places[place % Math.max(places.length, 1)] ?? [{}, ""];
				if (how === "replace") holder[key] = structuredClone(by);
				else if (Array.isArray(holder))
					holder.splice(
						Number(key),
						how === "remove" ? 1 : 0,
						...(how === "remove" ? [] : [structuredClone(holder[Number(key)])]),
					);
				else delete holder[key];
			}
			return root;
		});
}

/** A sound document with up to three of its values replaced by some of these, which are neither copied nor changed. */
export function replaced(values: readonly unknown[]): fc.Arbitrary<unknown> {
	const change = fc.record({ place: fc.nat(), by: fc.constantFrom(...values) });
	return fc
		.tuple(fc.constantFrom(...SOUND), fc.array(change, { minLength: 1, maxLength: 3 }))
		.map(([sound, changes]) => {
			const root = structuredClone(sound);
			const places = placesOf(root);
			for (const { place, by } of changes) {
				const [holder, key] = places[place % places.length] ?? [{}, ""];
				holder[key] = by;
			}
			return root;
		});
}

type Holder = Record<string, unknown>;

/** Every member and item below the root, with what holds it. */
function placesOf(value: unknown): [Holder, string][] {
	if (typeof value !== "object" || value === null) return [];
	const holder = value as Holder;
	return Object.keys(holder).flatMap((key): [Holder, string][] => [[holder, key], ...placesOf(holder[key])]);
}
