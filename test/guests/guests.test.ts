import { describe, expect, it } from "vitest";
import { createExplainer } from "../clients/exceptions.ts";
import { bootGuest, type GuestCase } from "./guest.ts";
import { GUEST_EXCEPTIONS } from "./guest-exceptions.ts";

const CASES: readonly GuestCase[] = [{ suite: "bookworm", role: "netplan", wiring: "static", carrier: "iso9660-disk" }];

describe("guests", () => {
	const explainer = createExplainer(GUEST_EXCEPTIONS);

	it.each(CASES)("$suite with $role, $wiring, $carrier", async (one) => {
		const { differences, details } = await bootGuest(one);
		const run = { suite: one.suite, client: one.role, source: one.carrier, wiring: one.wiring };
		expect(explainer.unexplained(run, differences), details).toEqual([]);
	});

	it("have no known exception that does not occur", () => {
		expect(explainer.unused()).toEqual([]);
	});
});
