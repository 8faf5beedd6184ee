/** What the operators' page is made of: sessions, roles, guests' history, refusals, events. */
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { sql } from "kysely";
import { afterEach, describe, expect, it } from "vitest";
import { answered } from "../../../test/history-contract.ts";
import {
	guest,
	instancesOf,
	novaSettings,
	recordedInstance,
	recordedInstances,
	send,
} from "../../../test/metadata-service.ts";
import {
	recordRequests,
	startTestOperator,
	type TestOperatorOptions,
	type TestOperatorServer,
} from "../../../test/operator-server.ts";
import type { Server } from "../../instance/instance.ts";
import { createGuestDocuments } from "../../service/guest-documents.ts";
import type { AnsweredRequest } from "../../service/request-history/answered-request.ts";
import { compressContent } from "../../service/request-history/document-content.ts";
import { createHistoryStore } from "../../store/history-store.ts";
import { createNodeStore } from "../../store/node-store.ts";

const HOST = ["Host", "localhost:8790"] as const;
const instance = recordedInstance("f-trunk");
const NETWORK = "openstack/latest/network_data.json";

let server: TestOperatorServer;
afterEach(() => server?.close());
const start = async (options: TestOperatorOptions = {}) => {
	server = await startTestOperator(options);
};
type Headers = readonly (readonly [string, string])[];
const ask = (path: string, headers: Headers = [], method = "GET", body = "") =>
	send(server.address, {
		method,
		path,
		body,
		headers: [HOST, ...headers, ...(body ? [["Content-Type", "application/json"] as const] : [])],
	});
const json = async (path: string, headers: Headers = []) => JSON.parse((await ask(path, headers)).body.toString());

const record = (requests: readonly AnsweredRequest[]) => recordRequests(server.state, requests);

async function until<T>(look: () => Promise<T>, isDone: (found: T) => boolean): Promise<T> {
	for (let left = 200; ; left--) {
		const found = await look();
		if (isDone(found) || left === 0) return found;
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

describe("what a guest requested", () => {
	it("is found by search, with its client and whether what it fetched is up to date", async () => {
		await start();
		const body = (await ask(`/api/instances/${instance.id}/tree/${NETWORK}`)).body;
		expect((await json(`/api/search?q=${instance.id}`)).guests[0]).toMatchObject({ state: "never", requests: 0 });
		await record([answered({ instance: instance.id, body })]);
		const search = () => json(`/api/search?q=f-trunk&client=cloud-init`);
		const found = await until(search, ({ guests }) => guests[0]?.state === "current");
		expect(found).toMatchObject({
			total: 1,
			guests: [{ id: instance.id, state: "current", client: "cloud-init@24.1" }],
		});
		await record([answered({ at: 2000, instance: instance.id, body: Buffer.from("{}") })]);
		const old = await until(search, ({ guests }) => guests[0]?.state === "outdated");
		expect(old.guests[0].outdatedSince).toBeGreaterThan(0);
		const details = await json(`/api/instances/${instance.id}/guest`);
		const documents = new Map(details.documents.map((document: { path: string }) => [document.path, document]));
		expect(documents.get(NETWORK)).toMatchObject({ state: "outdated", last: { at: 2000, listener: "127.0.0.1:80" } });
		expect(details.recent.map(({ at }: { at: number }) => at)).toEqual([1000, 2000]);
		const versions = await json(`/api/instances/${instance.id}/versions?path=${NETWORK}`);
		expect(versions.versions.map(({ text }: { text: string }) => text)).toEqual(["{}", body.toString()]);
		expect(versions).toMatchObject({ now: body.toString(), fetched: versions.versions[0].digest });
	});

	it("is not out of date because of dynamic vendor data, which is not requested for comparisons", async () => {
		await start();
		const path = "openstack/latest/vendor_data2.json";
		await record([answered({ instance: instance.id, path, body: Buffer.from('{"join":{"token":1}}') })]);
		const { documents } = await json(`/api/instances/${instance.id}/guest`);
		const row = documents.find((document: { path: string }) => document.path === path);
		expect(row).toMatchObject({ state: "uncompared", last: { at: 1000 } });
		expect(row).not.toHaveProperty("bytes");
	});

	it("is listed by document: a version that the guest did not fetch is missing if it fetched another one", async () => {
		await start();
		const base = `/api/instances/${instance.id}`;
		const path = "openstack/2018-08-27/network_data.json";
		const { body } = await ask(`${base}/tree/${path}`);
		await record([answered({ instance: instance.id, path, body })]);
		const { documents } = await json(`${base}/guest`);
		const states = new Map(documents.map((row: { path: string; state: string }) => [row.path, row.state]));
		expect(states.get(path)).toBe("current");
		expect(states.has(NETWORK)).toBe(false);
		expect(states.get("openstack/latest/meta_data.json")).toBe("never");
	});

	it("is shown even if the state can't be written", async () => {
		let current = guest({ address: "192.0.2.7" });
		await start({ instances: { ...instancesOf([current]), get: () => current } });
		const { id } = current;
		const { body } = await ask(`/api/instances/${id}/tree/${NETWORK}`);
		await record([answered({ instance: id, body })]);
		await until(
			() => json("/api/search?state=current"),
			({ total }) => total === 1,
		);
		await server.state.write((database) => sql`pragma query_only = on`.execute(database));
		current = guest({ address: "192.0.2.8" });
		const details = await ask(`/api/instances/${id}/guest`);
		expect(details.status).toBe(200);
		expect(JSON.parse(details.body.toString()).recent).toHaveLength(1);
		expect(server.lines.join()).toContain("can't be compared");
	});

	it("is reported to every listener", async () => {
		await start();
		const [response] = (await once(
			get(`${server.address}/api/events`, { headers: { host: HOST[1] } }),
			"response",
		)) as [IncomingMessage];
		expect(response.headers["content-type"]).toBe("text/event-stream");
		response.setEncoding("utf8");
		let received = "";
		const { promise, resolve } = Promise.withResolvers<void>();
		response.on("data", (text) => {
			received += text;
			if (received.includes(instance.id)) resolve();
		});
		await record([answered({ instance: instance.id })]);
		await promise;
		expect(received).toMatch(/^event: guests\ndata: \{"ids":\[/m);
		response.destroy();
	});

	it("names the instance that a refused request nearly matched, and what to check", async () => {
		await start();
		const address = instance.ports[0]?.fixedIps[0]?.address;
		const source = { peer: "10.0.0.1", address, networkId: "11111111-2222-4333-8444-555555555555" };
		await record([answered({ instance: undefined, body: undefined, status: 404, reason: "no-owner", source })]);
		const refusals = await until(
			() => json("/api/refusals"),
			({ total }) => total === 1,
		);
		expect(refusals.refusals).toMatchObject([
			{ source, reason: "no-owner", count: 1, nearMisses: [{ instance: instance.id }] },
		]);
		expect(refusals.refusals[0].advice).toContain("instance's ports");
	});

	it("marks an instance that a refused request nearly matched, even if no one has opened the refusals", async () => {
		await start();
		const address = instance.ports[0]?.fixedIps[0]?.address;
		const source = { peer: "10.0.0.1", address, networkId: "11111111-2222-4333-8444-555555555555" };
		await record([answered({ instance: undefined, body: undefined, status: 404, reason: "no-owner", source })]);
		const found = await until(
			() => json("/api/search?state=refused"),
			({ total }) => total === 1,
		);
		expect(found.guests).toMatchObject([{ id: instance.id, state: "refused" }]);
	});

	it("finds a refusal by the instance that it nearly was, though the request names neither it nor its address", async () => {
		await start();
		const [port] = instance.ports;
		const address = port?.fixedIps[0]?.address ?? "";
		const next = address.replace(/\d+$/, (digits) => String(Number(digits) + 1));
		const refused = { instance: undefined, body: undefined, status: 404, reason: "no-owner" };
		const near = { peer: "10.0.0.1", address: next, networkId: port?.network.id };
		await record([
			answered({ ...refused, source: near }),
			answered({ ...refused, source: { peer: "10.0.0.1", address: "203.0.113.9" } }),
		]);
		for (const word of [instance.id, instance.server?.name, address]) {
			expect(await json(`/api/refusals?q=${word}`)).toMatchObject({ total: 1, refusals: [{ source: near }] });
		}
		expect((await json("/api/refusals?q=nobody")).total).toBe(0);
	});

	it("marks a known guest as refused until its next answered request", async () => {
		await start();
		const { id } = instance;
		const body = (await ask(`/api/instances/${id}/tree/${NETWORK}`)).body;
		await record([answered({ at: 1000, instance: id, body })]);
		const stateOf = async () => (await json(`/api/search?q=${id}`)).guests[0]?.state as string;
		expect(await until(stateOf, (state) => state === "current")).toBe("current");
		// Its port was moved to another network.
		const address = instance.ports[0]?.fixedIps[0]?.address;
		const source = { peer: "10.0.0.1", address, networkId: "11111111-2222-4333-8444-555555555555" };
		const refused = (at: number) =>
			answered({ at, instance: undefined, body: undefined, status: 404, reason: "no-owner", source });
		await record([refused(2000)]);
		expect(await until(stateOf, (state) => state === "refused")).toBe("refused");
		await record([answered({ at: 3000, instance: id, body })]);
		expect(await until(stateOf, (state) => state === "current")).toBe("current");
		await record([refused(4000)]);
		expect(await until(stateOf, (state) => state === "refused")).toBe("refused");
	});

	it("says since when a guest is out of date, which is not since when it is refused", async () => {
		await start();
		const { id } = instance;
		await record([answered({ at: 1000, instance: id, body: Buffer.from("{}") })]);
		const shown = async () => (await json(`/api/search?q=${id}`)).guests[0];
		const outdated = await until(shown, ({ state }) => state === "outdated");
		expect(outdated.outdatedSince).toBeGreaterThan(1000);
		const source = { peer: "10.0.0.1", address: instance.ports[0]?.fixedIps[0]?.address, networkId: "elsewhere" };
		await record([
			answered({ at: 2000, instance: undefined, body: undefined, status: 404, reason: "no-owner", source }),
		]);
		const refused = await until(shown, ({ state }) => state === "refused");
		expect(refused.state).toBe("refused");
		expect(refused).not.toHaveProperty("outdatedSince");
	});

	it("is shown on the guest's own page, though nobody has searched", async () => {
		await start();
		const source = { peer: "10.0.0.1", address: instance.ports[0]?.fixedIps[0]?.address, networkId: "elsewhere" };
		await record([answered({ instance: undefined, body: undefined, status: 404, reason: "no-owner", source })]);
		const stateOf = async () => (await json(`/api/instances/${instance.id}/guest`)).state as string;
		expect(await until(stateOf, (state) => state === "refused")).toBe("refused");
	});

	it("does not mark a guest that is answered because of the address next to its own", async () => {
		const known = guest({ id: "known", address: "192.0.2.7" });
		const silent = guest({ id: "silent", address: "192.0.2.70" });
		await start({ instances: instancesOf([known, silent]) });
		const { body } = await ask(`/api/instances/known/tree/${NETWORK}`);
		await record([answered({ at: 1000, instance: "known", body })]);
		const stateOf = async (id: string) => (await json(`/api/search?q=${id}`)).guests[0]?.state as string;
		expect(
			await until(
				() => stateOf("known"),
				(state) => state === "current",
			),
		).toBe("current");
		const refused = { at: 2000, instance: undefined, body: undefined, status: 404, reason: "no-owner" };
		const from = (address: string, networkId = "net-1") =>
			answered({ ...refused, source: { peer: "10.0.0.1", address, networkId } });
		await record([from("192.0.2.8"), from("192.0.2.71")]);
		const isRefused = (state: string) => state === "refused";
		expect(await until(() => stateOf("silent"), isRefused)).toBe("refused");
		expect(await stateOf("known")).toBe("current");
		await record([from("192.0.2.7", "elsewhere")]);
		expect(await until(() => stateOf("known"), isRefused)).toBe("refused");
	});

	it("lists every refusal exactly once across pages, the latest first, and finds one by its words", async () => {
		await start();
		const refused = (n: number) =>
			answered({
				// Some at the same time.
				...{ at: 1000 + Math.floor(n / 3), instance: undefined, body: undefined, status: 404, reason: "no-owner" },
				source: { peer: "10.0.0.1", address: `192.0.2.${n}` },
			});
		await record(Array.from({ length: 25 }, (_, n) => refused(n)));
		const seen: { lastAt: number; source: { address: string } }[] = [];
		let cursor = "";
		do {
			const page = await json(`/api/refusals?limit=7${cursor && `&cursor=${cursor}`}`);
			expect(page.total).toBe(25);
			seen.push(...page.refusals);
			cursor = page.next ?? "";
		} while (cursor !== "");
		expect(new Set(seen.map(({ source }) => source.address)).size).toBe(25);
		expect(seen).toHaveLength(25);
		const times = seen.map(({ lastAt }) => lastAt);
		expect(times).toEqual(times.toSorted((a, b) => b - a));
		expect(await json("/api/refusals?q=no-owner%20192.0.2.7")).toMatchObject({
			...{ total: 1, refusals: [{ source: { address: "192.0.2.7" } }] },
		});
		expect((await json("/api/refusals?cursor=x")).refusals).toHaveLength(20);
	});

	it("has nothing to check or render while no port is plugged, which is not an error", async () => {
		const own = guest({ address: "192.0.2.7" });
		const unplugged = { ...own, ports: own.ports.map((port) => ({ ...port, plugged: false })) };
		for (const shown of [unplugged, { ...own, ports: [] }]) {
			const documents = createGuestDocuments({ ...novaSettings, profile: "full" });
			await start({ instances: instancesOf([shown]), documents });
			const base = `/api/instances/${own.id}`;
			expect((await ask(`${base}/tree/${NETWORK}`)).status).toBe(404);
			expect(await json(`${base}/check?client=talos`)).toEqual({ client: "talos", findings: [] });
			expect(await json(`${base}/render/netplan`)).toEqual({ files: [], remarks: [] });
			expect((await ask(`${base}/check?client=none`)).status).toBe(400);
			await server.close();
		}
	});

	it("is found page by page and by its network, however long names and ids are", async () => {
		const names = ["甲", "乙", "丙"].map((sign) => sign.repeat(255));
		const networkId = "n".repeat(512);
		const instances = names.map((name, at) => {
			const own = guest({ id: `${at}`, address: `192.0.2.${at}`, networkId, projectId: "p".repeat(512) });
			return { ...own, server: { ...(own.server as Server), name } };
		});
		await start({ instances: instancesOf(instances) });
		const filters = `project=${"p".repeat(512)}&network=${networkId}`;
		const all = await until(
			() => json(`/api/search?${filters}`),
			({ total }) => total === names.length,
		);
		const seen: string[] = [];
		let cursor = "";
		do {
			const page = await json(`/api/search?${filters}&limit=1${cursor && `&cursor=${cursor}`}`);
			seen.push(...page.guests.map(({ name }: { name: string }) => name));
			cursor = page.next ?? "";
		} while (cursor !== "");
		expect(seen).toEqual(all.guests.map(({ name }: { name: string }) => name));
		expect(seen.toSorted()).toEqual(names.toSorted());
	});

	it("is checked for the guest's client", async () => {
		await start();
		await record([answered({ instance: instance.id })]);
		await until(
			() => json("/api/search?client=cloud-init"),
			({ total }) => total === 1,
		);
		expect(await json(`/api/instances/${instance.id}/check`)).toMatchObject({ client: "cloud-init@24.1" });
		expect((await ask(`/api/instances/${instance.id}/check?client=none`)).status).toBe(400);
	});
});

it("the state of the service names the nodes that run, whether or not they have answered a guest", async () => {
	await start();
	expect((await json("/api/status")).nodes).toEqual([]);
	const nodes = createNodeStore(server.state);
	const before = Date.now();
	for (const node of ["n", "idle"]) await nodes.seen(node);
	await record([answered({ instance: instance.id }), answered({ at: 5000, instance: recordedInstance("a-dhcp4").id })]);
	const { nodes: shown } = await until(
		() => json("/api/status"),
		(status) => status.nodes.some(({ lastAt }: { lastAt?: number }) => lastAt === 5000),
	);
	const running = { name: "idle", seenAt: expect.any(Number) };
	expect(shown).toEqual([running, { ...running, name: "n", lastAt: 5000 }]);
	expect(shown[0].seenAt).toBeGreaterThanOrEqual(before);
});

describe("a document to try", () => {
	it("is checked and rendered", async () => {
		await start();
		const body = (await ask(`/api/instances/${instance.id}/tree/${NETWORK}`)).body.toString();
		const tried = JSON.parse((await ask("/api/try", [], "POST", body)).body.toString());
		expect(tried.document.links.length).toBeGreaterThan(0);
		expect(tried.renderings.netplan.files[0].text).toContain("network:");
	});

	it.each(['{"links": 1}', "[]", '"x"', "{", "null"])("is refused if it is %s", async (body) => {
		await start();
		expect([400, 422]).toContain((await ask("/api/try", [], "POST", body)).status);
	});
});

describe("access", () => {
	const tokens = { listen: "127.0.0.1:0", token: "full-token", readToken: "read-token" };
	const signIn = (token: string, headers: Headers = []) =>
		ask("/api/session", headers, "POST", JSON.stringify({ token }));
	const cookieOf = (header = "") => header.split(";")[0] ?? "";

	it("a browser that signs in gets a cookie that no script can read and no other site can send, until it signs out", async () => {
		await start(tokens);
		expect(await json("/api/session")).toMatchObject({ role: null, needsToken: true });
		const answer = await signIn("read-token");
		expect(answer.status).toBe(204);
		expect(answer.headers["set-cookie"]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
		expect(answer.headers["set-cookie"]).not.toContain("read-token");
		const cookie = ["Cookie", cookieOf(answer.headers["set-cookie"])] as const;
		expect((await ask("/api/search", [cookie])).status).toBe(200);
		expect(await json("/api/session", [cookie])).toMatchObject({ role: "read" });
		const out = await ask("/api/session", [cookie], "DELETE");
		expect(out.headers["set-cookie"]).toContain("Max-Age=0");
		expect((await ask("/api/search", [cookie])).status).toBe(401);
	});

	it("a browser that signs out gets no more events", async () => {
		await start(tokens);
		const cookie = ["Cookie", cookieOf((await signIn("read-token")).headers["set-cookie"])] as const;
		const [response] = (await once(
			get(`${server.address}/api/events`, { headers: { host: HOST[1], cookie: cookie[1] } }),
			"response",
		)) as [IncomingMessage];
		response.setEncoding("utf8");
		let received = "";
		response.on("data", (text) => {
			received += text;
		});
		response.on("error", () => {});
		const closed = new Promise((resolve) => response.once("close", resolve));
		expect((await ask("/api/session", [cookie], "DELETE")).status).toBe(204);
		await record([answered({ instance: instance.id })]);
		await closed;
		expect(received).not.toContain(instance.id);
	});

	it("only the sign-in form is shown with a wrong token, a made-up cookie or no token", async () => {
		await start(tokens);
		const wrong = await signIn("wrong");
		expect([wrong.status, wrong.headers["set-cookie"]]).toEqual([401, undefined]);
		const madeUp = ["Cookie", `guestwire_session=${"a".repeat(43)}`] as const;
		for (const path of ["/api/search", "/api/refusals", "/api/status", "/api/events", "/openapi.json"]) {
			expect([path, (await ask(path)).status]).toEqual([path, 401]);
			expect([path, (await ask(path, [madeUp])).status]).toEqual([path, 401]);
		}
	});

	it("the read token reads no secrets; what the other one reads is logged", async () => {
		const planted = "#!PLANTED-USER-DATA";
		const own = guest({ address: "192.0.2.7", userData: Buffer.from(planted) });
		await start({ ...tokens, instances: instancesOf([own, ...recordedInstances]) });
		const base = `/api/instances/${own.id}`;
		const secrets = [
			`${base}/tree/openstack/latest/user_data`,
			`${base}/tree/latest/user-data`,
			`${base}/config-drive`,
			`${base}/password`,
		];
		for (const path of secrets) {
			expect((await ask(path, [["Authorization", "Bearer read-token"]])).status).toBe(403);
			expect((await ask(path, [["Authorization", "Bearer full-token"]])).status).toBe(200);
		}
		expect(server.lines.filter((line) => line.includes("user data was read"))).toHaveLength(secrets.length);
		const open = ["", "/guest", "/wiring", "/check", "/versions?path=openstack/latest/user_data", "/render/netplan"];
		const texts = await Promise.all(
			[...open.map((path) => base + path), "/api/search", "/api/status", "/api/refusals"].map(async (path) => {
				const answer = await ask(path, [["Authorization", "Bearer read-token"]]);
				expect([path, answer.status]).toEqual([path, 200]);
				return answer.body.toString();
			}),
		);
		for (const text of [...texts, ...server.lines]) {
			expect(text).not.toContain(planted);
			expect(text).not.toContain(Buffer.from(planted).toString("base64"));
		}
	});

	it("the read token reads no password in an instance's metadata, neither now nor in old versions", async () => {
		const planted = "PLANTED-META-PASS";
		const own = guest({ address: "192.0.2.7" });
		const metadata = new Map([["admin_pass", planted]]);
		const withPassword = { ...own, server: { ...(own.server as Server), metadata } };
		await start({ ...tokens, instances: instancesOf([withPassword]) });
		const path = "openstack/latest/meta_data.json";
		const base = `/api/instances/${own.id}`;
		const full = await ask(`${base}/tree/${path}`, [["Authorization", "Bearer full-token"]]);
		expect(JSON.parse(full.body.toString()).meta).toEqual({ admin_pass: planted });
		expect(server.lines.join()).toContain("user data was read");
		const read: Headers = [["Authorization", "Bearer read-token"]];
		expect((await ask(`${base}/tree/${path}`, read)).status).toBe(403);
		await record([answered({ instance: own.id, path, body: full.body })]);
		// As older versions of Guestwire stored it.
		const old = {
			instance_id: own.id,
			path,
			digest: "old",
			first_at: 1,
			last_at: 1,
			content: await compressContent(full.body),
		};
		await createHistoryStore(server.state).write({
			...{ instances: [], documents: [], absent: [], requests: [], versions: [old], refusals: [] },
		});
		const versions = await json(`${base}/versions?path=${path}`, read);
		expect(versions.versions).toHaveLength(2);
		for (const { text } of [...versions.versions, { text: versions.now }]) {
			expect(JSON.parse(text).meta).toEqual({ admin_pass: "(hidden)" });
		}
		const { documents } = await json(`${base}/guest`, read);
		expect(documents).toContainEqual(expect.objectContaining({ path, isPrivate: true }));
	});

	it.each([
		["passes the Host header on", "gw.example"],
		["passes it on with the port", "gw.example:443"],
		["names the server's address", "127.0.0.1:8790"],
	])("a browser behind a TLS proxy that %s, at operator.url alone", async (_, host) => {
		await start({ ...tokens, url: "https://gw.example/" });
		const from = (origin: string, cookie = "", method = "POST", path = "/api/session") =>
			send(server.address, {
				...{ method, path, body: method === "POST" ? '{"token":"read-token"}' : "" },
				headers: [
					["Host", host],
					["Origin", origin],
					["Sec-Fetch-Site", "same-origin"],
					["Content-Type", "application/json"],
					["Cookie", cookie],
				],
			});
		const answer = await from("https://gw.example");
		expect([answer.status, answer.headers["set-cookie"]]).toEqual([204, expect.stringMatching(/; Secure$/)]);
		const cookie = cookieOf(answer.headers["set-cookie"]);
		expect((await from("https://gw.example", cookie, "GET", "/api/search")).status).toBe(200);
		for (const origin of ["https://attacker.example", "https://gw.example:8443", "null"]) {
			expect((await from(origin)).status).toBe(403);
			expect((await from(origin, cookie, "GET", "/api/search")).status).toBe(403);
		}
		for (const foreign of ["attacker.example", "gw.example.attacker.example", "gw.example:8443", "x@gw.example"]) {
			expect((await send(server.address, { path: "/", headers: [["Host", foreign]] })).status).toBe(403);
		}
		// Without the proxy, the browser has no HTTPS.
		expect((await signIn("read-token")).headers["set-cookie"]).not.toContain("Secure");
	});

	it("no browser at operator.url without a token: anyone who reaches the proxy could read user data", async () => {
		await start({ url: "https://gw.example/" });
		const statusOf = async (host: string) =>
			(await send(server.address, { path: "/api/search", headers: [["Host", host]] })).status;
		expect(await statusOf("localhost:8790")).toBe(200);
		expect(await statusOf("gw.example")).toBe(403);
	});

	it("no token and no seed is in its log, its events or on the page", async () => {
		await start(tokens);
		const header: Headers = [["Authorization", "Bearer full-token"]];
		const path = "openstack/latest/meta_data.json";
		const base = `/api/instances/${instance.id}`;
		const { body } = await ask(`${base}/tree/${path}`, header);
		const seed = JSON.parse(body.toString()).random_seed as string;
		expect(seed.length).toBeGreaterThan(500);
		const [response] = (await once(
			get(`${server.address}/api/events`, { headers: { host: HOST[1], authorization: "Bearer full-token" } }),
			"response",
		)) as [IncomingMessage];
		response.setEncoding("utf8");
		const seen: string[] = [];
		const event = new Promise<void>((resolve) => {
			response.on("data", (text) => {
				seen.push(text);
				if (text.includes(instance.id)) resolve();
			});
		});
		await record([answered({ instance: instance.id, path, body })]);
		await event;
		response.destroy();
		await signIn("read-token");
		await signIn("wrong-token-of-somebody");
		for (const shown of ["/guest", `/versions?path=${path}`, ""]) {
			seen.push((await ask(base + shown, header)).body.toString());
		}
		for (const shown of ["/api/search", "/api/refusals", "/api/status", "/metrics"]) {
			seen.push((await ask(shown, header)).body.toString());
		}
		const text = [...seen, ...server.lines].join("\n");
		for (const secret of [seed, JSON.stringify(seed), "full-token", "read-token", "wrong-token-of-somebody"]) {
			expect(text).not.toContain(secret);
		}
	});

	it("no page of another site, whatever its host name resolves to", async () => {
		await start();
		const foreign: Headers[] = [
			[["Origin", "https://attacker.example"]],
			[["Origin", "null"]],
			[["Origin", "http://localhost:9999"]],
			[["Sec-Fetch-Site", "cross-site"]],
			[["Sec-Fetch-Site", "same-site"]],
		];
		for (const headers of foreign) {
			expect((await ask("/api/search", headers)).status).toBe(403);
			expect((await ask("/api/try", headers, "POST", "{}")).status).toBe(403);
			expect((await signIn("x", headers)).status).toBe(403);
		}
		expect(
			(
				await ask("/api/search", [
					["Origin", "http://localhost:8790"],
					["Sec-Fetch-Site", "same-origin"],
				])
			).status,
		).toBe(200);
		for (const path of ["/", "/api/search", "/api/session"]) {
			const answer = await send(server.address, { path, headers: [["Host", "attacker.example"]] });
			expect([path, answer.status]).toEqual([path, 403]);
		}
	});
});
