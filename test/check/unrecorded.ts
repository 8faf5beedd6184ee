/**
 * Documents that are not part of the recorded walk: what cloud-init makes of them is compared where it can be run
 * (test/system/check-cloud-init.test.ts).
 */
import type { Case } from "./cases.ts";
import { dns, document, ipv4 } from "./documents.ts";
import type { Step } from "./walk.ts";

const listed = (...address: unknown[]) => ({ type: "dns", address });

/** For rules, as in the other lists of cases. */
export const unrecordedCases: readonly Case[] = [];

/** The cases' documents, and others. */
export const UNRECORDED: readonly Step[] = [
	{ title: "a list of servers", document: document({ services: [listed("192.0.2.53", "192.0.2.54")] }) },
	{
		title: "a list of servers for a network without its own",
		document: document({ networks: [ipv4()], services: [listed("192.0.2.53", "2001:db8::53"), dns()] }),
	},
	{
		title: "a list with an invalid server",
		document: document({ networks: [ipv4()], services: [listed("192.0.2.53", "dns.example")] }),
	},
	...unrecordedCases.flatMap(({ rule, at, bad, good }) => [
		{ title: `${rule} at ${at}`, document: bad },
		{ title: `not ${rule} at ${at}`, document: good },
	]),
];
