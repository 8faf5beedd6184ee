import { describe, expect, it } from "vitest";
import { createExplainer } from "../clients/exceptions.ts";
import { guestCases } from "./cases.ts";
import { bootGuest } from "./guest.ts";
import { GUEST_EXCEPTIONS } from "./guest-exceptions.ts";
import { ROLE_PACKAGES } from "./roles.ts";
import { type TestedGuest, writeTested } from "./tested-table.ts";

const choice = process.env["GUESTWIRE_GUESTS"];
const RELEASES = { bookworm: "Debian 12", trixie: "Debian 13", sid: "Debian sid" };

describe("guests", () => {
	const explainer = createExplainer(GUEST_EXCEPTIONS);
	let written = Promise.resolve();
	// A run of the matrix takes hours: one that is interrupted keeps its rows. Only who asks for guests by name wants the
	// file changed.
	function write(tested: TestedGuest): Promise<void> {
		if (choice) written = written.then(() => writeTested(tested));
		return written;
	}

	it.concurrent.each(guestCases(choice))("$suite with $role, $wiring, $carrier", async (one) => {
		const { differences, details, versions } = await bootGuest(one);
		const run = { suite: one.suite, client: one.role, source: one.carrier, wiring: one.wiring };
		const packages = ROLE_PACKAGES[one.role].map((name) => `${name} ${versions[name]?.replace(/-.*/, "")}`);
		await write({
			guest: [`${RELEASES[one.suite]}, ${one.role}`, ...packages].join(", "),
			wiring: one.wiring,
			carrier: one.carrier,
			date: new Date().toISOString().slice(0, 10),
			differences,
			defects: explainer.defects(run, differences),
		});
		expect(explainer.unexplained(run, differences), details).toEqual([]);
	});

	it("have no known exception that does not occur", () => {
		expect(explainer.unused()).toEqual([]);
	});
});
