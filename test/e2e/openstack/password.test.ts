import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { LAUNCH_TOLERANCE } from "../../../src/store/password-store.ts";
import { type Api, eventually, type Json, login } from "./api.ts";
import { type Answer, ask } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { built, ensureBootSource, type Guest } from "./instances.ts";
import { PROJECT } from "./plan.ts";

const PASSWORD = "/openstack/latest/password";
/** Seconds. */
const FRESHNESS = 2;
/** When the last password was posted. */
let posted = 0;

const guest = inject("guests").find(({ plan }) => plan.name === "cherry-binary") as Guest;
let api: Api;
let guestwire: Guestwire;
beforeAll(async () => {
	api = await login(PROJECT);
	guestwire = await startGuestwire({ freshness: FRESHNESS });
});
afterAll(() => guestwire.stop());

/** Asks until Nova, on which the answer depends, gave one in time. */
const request = (body?: string) =>
	eventually("an answer", 60, async (): Promise<Answer | undefined> => {
		const answer = await ask(guestwire.port, guest, PASSWORD, body);
		return answer.status === 503 ? undefined : answer;
	});
const ofNova = async () => (await api.get("compute", `/servers/${guest.id}/os-server-password`)).password;

it("no call of Nova's API sets what nova get-password reads", async () => {
	const metadata = { password_0: "c2VjcmV0", password_1: "" };
	await api.post("compute", `/servers/${guest.id}/metadata`, { metadata });
	expect(await ofNova()).toBe("");
	for (const key of Object.keys(metadata)) await api.delete("compute", `/servers/${guest.id}/metadata/${key}`);
	await expect(
		api.post("compute", `/servers/${guest.id}/os-server-password`, { password: "c2VjcmV0" }),
	).rejects.toThrow(/: (404|405) /);
});

it("a password that a guest posted can be read, and cleared", async () => {
	expect((await request()).body).toBe("");
	expect((await request("c2VjcmV0")).status).toBe(200);
	expect((await request("b3RoZXI=")).status).toBe(409);
	expect(await guestwire.run(["password", guest.plan.name])).toEqual({ code: 0, stdout: "c2VjcmV0" });
	expect((await guestwire.run(["password", guest.id, "--clear"])).code).toBe(0);
	expect((await request()).body).toBe("");
	expect((await request("b3RoZXI=")).status).toBe(200);
	posted = Date.now();
});

it("a rebuilt guest can post another one", async () => {
	const { imageRef } = await ensureBootSource();
	const launchedAt = (server: Json) => Date.parse(`${server["OS-SRV-USG:launched_at"]}Z`);
	const before = launchedAt(await built(api, guest.id));
	// A password that is hardly older than a launch could be one of the new guest.
	await pause(Math.max(0, posted + LAUNCH_TOLERANCE + 1000 - Date.now()));
	await api.post("compute", `/servers/${guest.id}/action`, { rebuild: { imageRef } });
	await eventually("the guest is rebuilt", 300, async () => {
		const { server } = await api.get("compute", `/servers/${guest.id}`);
		return server.status === "ACTIVE" && launchedAt(server) > before ? true : undefined;
	});
	await eventually("its password is unset", 60, async () => ((await request()).body === "" ? true : undefined));
	expect((await request("bmV3")).status).toBe(200);
	expect((await request()).body).toBe("bmV3");
});
