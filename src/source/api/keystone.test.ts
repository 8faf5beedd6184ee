import { describe, expect, test } from "vitest";
import { GuestwireError } from "../../errors.ts";
import type { CloudEntry } from "./clouds-yaml.ts";
import { createSession } from "./keystone.ts";
import type { Reply, Rest } from "./rest.ts";

const auth = { auth_url: "http://keystone:5000", username: "alice", password: "rain-coat-7", project_name: "acme" };
const endpoint = (face: string, region: string) => ({
	interface: face,
	region,
	url: `http://${face}.${region}/`,
	id: "x",
});
const catalog = [
	{
		type: "network",
		endpoints: [endpoint("public", "north"), endpoint("internal", "north"), endpoint("public", "south")],
	},
	{ type: "compute", endpoints: [endpoint("public", "north")] },
];

/** A Keystone whose tokens live an hour by its own clock, which is years off. */
function set(entry: Partial<CloudEntry> = {}) {
	const state = { logins: 0, down: false, now: 5000, token: { catalog } as Record<string, unknown> };
	const rest: Rest = {
		async call(): Promise<Reply> {
			state.logins++;
			if (state.down) throw new GuestwireError("cloud-unavailable", "down");
			const token = {
				issued_at: "2001-01-01T00:00:00.000000Z",
				expires_at: "2001-01-01T01:00:00.000000Z",
				...state.token,
			};
			return { status: 201, headers: { "x-subject-token": `t${state.logins}` }, text: JSON.stringify({ token }) };
		},
		close: async () => {},
	};
	const session = createSession({ entry: { auth, ...entry }, where: "clouds.yaml: clouds.x" }, rest, () => state.now);
	const after = (minutes: number) => {
		state.now += minutes * 60_000;
	};
	const id = async () => (await session.token()).id;
	return { session, state, after, id };
}

describe("a token", () => {
	test("is used until five minutes before it expires, then replaced in the background", async () => {
		const { id, after, state } = set();
		expect([await id(), await id()]).toEqual(["t1", "t1"]);
		after(54);
		expect(await id()).toBe("t1");
		expect(state.logins).toBe(1);
		after(2);
		expect(await id()).toBe("t1");
		expect(await id()).toBe("t2");
		expect(state.logins).toBe(2);
	});

	test("that has expired is never used", async () => {
		const { id, after } = set();
		await id();
		after(60);
		expect(await id()).toBe("t2");
	});

	test("is used until it expires while Keystone is down, which is called only every ten seconds", async () => {
		const { id, after, state } = set();
		await id();
		state.down = true;
		after(56);
		for (let calls = 0; calls < 10; calls++) expect(await id()).toBe("t1");
		expect(state.logins).toBe(2);
		after(1);
		expect(await id()).toBe("t1");
		expect(state.logins).toBe(3);
		after(4);
		await expect(id()).rejects.toMatchObject({ code: "cloud-unavailable" });
		state.down = false;
		expect(await id()).toBe("t4");
	});

	test("is requested once for any number of callers", async () => {
		const { id, state } = set();
		expect(new Set(await Promise.all(Array.from({ length: 50 }, id)))).toEqual(new Set(["t1"]));
		expect(state.logins).toBe(1);
	});

	test("that was rejected is dropped once: a late rejection of an old one changes nothing", async () => {
		const { session, id, state } = set();
		const old = await session.token();
		session.refuse(old.id);
		expect(await id()).toBe("t2");
		session.refuse(old.id);
		expect(await id()).toBe("t2");
		expect(state.logins).toBe(2);
	});

	test("that expires before it begins is an error", async () => {
		const { session, state } = set();
		state.token["expires_at"] = "2000-01-01T00:00:00Z";
		await expect(session.token()).rejects.toMatchObject({
			code: "cloud-answer",
			message: expect.stringContaining("expires_at"),
		});
	});
});

describe("an endpoint", () => {
	test.each([
		[{ region_name: "north" }, "http://public.north"],
		[{ region_name: "south" }, "http://public.south"],
		[{ regions: ["south", "north"] }, "http://public.south"],
		[{ regions: [{ name: "south" }] }, "http://public.south"],
		[{ interface: "internal" }, "http://internal.north"],
		[{ endpoint_type: "internalURL" }, "http://internal.north"],
		[{ network_endpoint_override: "http://here:1/" }, "http://here:1"],
	])("%j", async (entry, url) => {
		expect(await set(entry).session.endpoint("network")).toBe(url);
	});

	test.each([
		[{}, /network exists in the regions north, south; choose one with region_name/],
		[{ region_name: "west" }, /no network endpoint public in west; it has: public in north, internal in north/],
		[{ interface: "admin" }, /no network endpoint admin; it has/],
	])("%j is refused", async (entry, message) => {
		const { session } = set(entry);
		await expect(session.endpoint("network")).rejects.toMatchObject({
			code: "config",
			message: expect.stringMatching(message),
		});
	});

	test("a catalogue without the service", async () => {
		const { session, state } = set();
		state.token["catalog"] = undefined;
		await expect(session.endpoint("compute")).rejects.toThrow(
			"clouds.yaml: clouds.x: the catalogue has no compute endpoint public; it has: none",
		);
	});
});

test.each([
	[{ auth: {} }, /auth.username \(OS_USERNAME\) is missing/],
	[
		{ auth: { username: "u" } },
		/auth.password .*is missing: add it to the entry \(the OS_\* variables do not supplement it\)$/,
	],
	[{ auth: { username: "u", password: "p" } }, /auth.project_name .*is missing/],
	[{ auth: { username: "u", password: "p", project_id: "i" } }, /auth.auth_url .*is missing/],
	[{ auth: { ...auth, auth_url: "keystone" } }, /auth_url is not an http\(s\) URL/],
	[{ auth_type: "v3oidcpassword" }, /auth_type v3oidcpassword is not supported/],
	[{ auth: { application_credential_secret: "s" } }, /auth.application_credential_id .*is missing/],
])("%j is refused before anything is asked", (entry, message) => {
	expect(() => set(entry)).toThrow(message);
});
