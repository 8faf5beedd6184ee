/** Which clients are run. */
import { SUITES, type SuiteName } from "./suite.ts";

/** What $GUESTWIRE_CLIENTS names: `bookworm, sid`. */
const named = (process.env["GUESTWIRE_CLIENTS"] ?? "").split(/[\s,]+/).filter((name) => name !== "");
const unknown = named.filter((name) => !(SUITES as readonly string[]).includes(name));
if (unknown.length > 0) throw new Error(`GUESTWIRE_CLIENTS: ${unknown.join(", ")}: not one of ${SUITES.join(", ")}`);

/** Suites are asked for by name: every wiring is run in them, and docs/clients-tested.md gets the results. */
export const isByHand = named.length > 0;

/** The suites that are run. The others of Debian change from day to day. */
export const chosenSuites: readonly SuiteName[] = isByHand
	? SUITES.filter((name) => named.includes(name))
	: ["bookworm", "trixie"];
