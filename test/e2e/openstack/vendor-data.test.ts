/** Dynamic vendor data with a token that the target validates with the laboratory's Keystone, as keystonemiddleware does. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, inject, it } from "vitest";
import { eventually } from "./api.ts";
import { ask } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import type { Guest } from "./instances.ts";
import { laboratoryEnv } from "./laboratory.ts";

const PATH = "/openstack/latest/vendor_data2.json";
const guest = inject("guests").find(({ plan }) => plan.name === "cherry-binary") as Guest;

const open: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of open.splice(0)) await close();
});

/** A service that answers only whom Keystone knows. Gives its URL and what it refused. */
async function startTarget() {
	const refused: unknown[] = [];
	const listener: RequestListener = async ({ headers }, response) => {
		const token = String(headers["x-auth-token"]);
		const answer = await fetch("http://127.0.0.1:5000/v3/auth/tokens", {
			headers: { "x-auth-token": token, "x-subject-token": token },
		});
		if (!answer.ok) {
			refused.push(headers["x-auth-token"]);
			response.writeHead(401).end();
			return;
		}
		const { user } = ((await answer.json()) as { token: { user: { name: string } } }).token;
		response.end(JSON.stringify({ caller: user.name }));
	};
	const server = createServer(listener).listen(0, "127.0.0.1");
	open.push(() => server.close());
	await once(server, "listening");
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, refused };
}

async function start(vendorData: Readonly<Record<string, unknown>>): Promise<Guestwire> {
	const guestwire = await startGuestwire({ vendorData });
	open.push(() => guestwire.stop());
	return guestwire;
}

it("the target gets a token that Keystone knows", async () => {
	const { url, refused } = await startTarget();
	const { port } = await start({ cloud: "laboratory", dynamic: [{ name: "join", url, timeoutSeconds: 5 }] });
	// A target that takes too long, which Keystone may cause, is asked again a little later.
	const join = await eventually("the target answers in time", 120, async () => {
		const { status, body } = await ask(port, guest, PATH);
		const { join } = status === 200 ? JSON.parse(body) : {};
		return join?.caller === undefined ? undefined : join;
	});
	expect(join).toEqual({ caller: laboratoryEnv()["OS_USERNAME"] });
	expect(refused).toEqual([]);
});

it("without one, the target refuses, and the guest gets {} under its name", async () => {
	const { url, refused } = await startTarget();
	const { port } = await start({ dynamic: [{ name: "join", url, timeoutSeconds: 5 }] });
	expect(JSON.parse((await ask(port, guest, PATH)).body)).toMatchObject({ join: {} });
	expect(refused).toEqual([undefined]);
});
