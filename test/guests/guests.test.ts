import { describe, expect, it } from "vitest";
import { createExplainer } from "../clients/exceptions.ts";
import { sectionOf } from "../clients/suite.ts";
import { type TestedTable, writeTested } from "../tested-table.ts";
import { guestCases } from "./cases.ts";
import { bootGuest } from "./guest.ts";
import { GUEST_EXCEPTIONS } from "./guest-exceptions.ts";
import { ROLE_PACKAGES } from "./roles.ts";

const choice = process.env["GUESTWIRE_GUESTS"];

const TESTED: TestedTable = {
	file: "guests-tested.md",
	head: `# Guests that were booted

\`npm run test:guests\` boots virtual machines from Guestwire's documents and compares what they have with the document:
addresses, routes, MTUs, MAC addresses, VLANs, bonds, DNS servers and search domains of each link. It also pings every
gateway and something behind it, asks the DNS servers for a name, and looks for failed units. The runs write this file.
"right" means no difference at all. \`GUESTWIRE_GUESTS=matrix npm run test:guests\` boots every guest with every wiring;
the wirings are in \`test/clients/wirings/\`.
`,
	columns: ["wiring", "carrier"],
};

describe("guests", () => {
	const explainer = createExplainer(GUEST_EXCEPTIONS);
	it.concurrent.each(guestCases(choice))("$suite with $role, $wiring, $carrier", async (one) => {
		const { differences, details, versions } = await bootGuest(one);
		const run = { suite: one.suite, client: one.role, source: one.carrier, wiring: one.wiring };
		// A run of the matrix takes hours: one that is interrupted keeps its rows. Only who asks for guests by name wants the
		// file changed.
		if (choice) {
			writeTested(TESTED, {
				section: sectionOf(one.suite, one.role, ROLE_PACKAGES[one.role], versions),
				run: [one.wiring, one.carrier],
				differences,
				defects: explainer.defects(run, differences),
			});
		}
		expect(explainer.unexplained(run, differences), details).toEqual([]);
	});

	it("have no known exception that does not occur", () => {
		expect(explainer.unused()).toEqual([]);
	});
});
