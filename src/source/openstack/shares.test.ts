/** @module-tag slow */
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fake, source, status, useFakeSource } from "../../../test/fake-source.ts";
import { recordedCase } from "../../../test/recorded.ts";
import { assemble } from "../../instance/assemble.ts";
import { contentsOf } from "../resource.ts";

useFakeSource();

const { id } = recordedCase("a-dhcp4").facts;
const active = { share_id: "ca3c176e-fd5a-438b-b595-e18a358f6909", status: "active", tag: "my_share_tag" };
const inactive = { share_id: "11111111-fd5a-438b-b595-e18a358f6909", status: "inactive", tag: "off" };
const asked = () => fake.requests.filter((call) => call.endsWith("/shares")).length;
const never = new AbortController().signal;

/** A cloud with Manila, whose Nova has had shares since 2.97. */
function withShares(shares: readonly object[], { microversion = "2.97", type = "shared-file-system" } = {}): void {
	fake.microversion = microversion;
	fake.services.push(type);
	fake.records.shares.set(id, { shares });
}

describe("shares of a server", () => {
	test("the active ones are among its devices", async () => {
		withShares([active, inactive]);
		const facts = await source.facts(id, "server");
		expect(facts?.shares).toEqual([active, inactive]);
		expect(facts && assemble(facts).server?.shares).toEqual([{ id: active.share_id, tag: active.tag }]);
	});

	test.each(["shared-file-system", "sharev2", "share"])("are read in a cloud with the service %s", async (type) => {
		withShares([active], { type });
		expect((await source.facts(id, "all"))?.shares).toEqual([active]);
	});

	test("need no call in a cloud without Manila", async () => {
		fake.microversion = "2.100";
		expect((await source.facts(id, "server"))?.shares).toBeUndefined();
		expect(asked()).toBe(0);
	});

	test("need no call with an older Nova", async () => {
		withShares([active], { microversion: "2.96" });
		expect((await source.facts(id, "server"))?.shares).toBeUndefined();
		expect(asked()).toBe(0);
	});

	test("are left out, and requested only once, if Nova hides them from the user", async () => {
		withShares([active]);
		fake.fault = (call) => (call.endsWith("/shares") ? status(403) : undefined);
		for (const _ of [1, 2, 3]) expect((await source.facts(id, "server"))?.shares).toBeUndefined();
		expect(asked()).toBe(1);
	});

	test("are requested at most four at a time, and no longer once Nova has refused the project", async () => {
		withShares([active]);
		const { servers } = fake.records;
		const own = servers.find((server) => server.id === id);
		servers.splice(0, servers.length, ...Array.from({ length: 200 }, () => ({ ...own, id: randomUUID() })));
		fake.fault = (call) => (call.endsWith("/shares") ? status(403) : undefined);
		const { resources } = await source.resources.page("server", { limit: 1000 }, never);
		expect(contentsOf(resources, "server_details")).toHaveLength(200);
		expect(asked()).toBeLessThanOrEqual(4);
	});

	test("fail as the server does, if Nova fails", async () => {
		withShares([active]);
		fake.fault = (call) => (call.endsWith("/shares") ? status(500) : undefined);
		await expect(source.facts(id, "server")).rejects.toThrow("/shares: answered 500");
	});
});

test("details of a server for the mirror contain its shares", async () => {
	withShares([active]);
	const one = await source.resources.byId("server", [id], never);
	expect(one.resources.map(({ kind }) => kind)).toEqual(["server"]);
	const { resources } = await source.resources.byId("server_details", [id], never);
	expect(contentsOf(resources, "server_details")).toMatchObject([{ shares: [active] }]);
	const listing = await source.resources.page("server", { limit: 1000 }, never);
	const details = listing.resources.filter((one) => one.id === id && one.kind === "server_details");
	expect(details).toMatchObject([{ content: { shares: [active] } }]);
});
