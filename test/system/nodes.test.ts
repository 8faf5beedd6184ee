/** Two nodes that share a PostgreSQL, in front of one cloud with a message bus: real processes, killed at bad moments. */
import { createHmac } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openDatabase, type StateDatabase } from "../../src/store/database.ts";
import { type FakeOpenStack, startFakeOpenStack } from "../fake-openstack.ts";
import { type ServeProcess, startServe } from "../serve-process.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "./postgres-server.ts";
import { hasRabbitMq, type RabbitMq, startRabbitMq } from "./rabbitmq-server.ts";

const SECRET = "shared";
/** Kinds that a listing of the cloud has as they are in the mirror. */
const KINDS = { port: "ports", network: "networks", subnet: "subnets", server: "servers" } as const;
/** A watcher that has died is replaced within this time. Milliseconds. */
const TAKEOVER = 10_000;
const SOON = { timeout: 30_000, interval: 50 };

describe.skipIf(!hasPostgres || !hasRabbitMq)("nodes", { timeout: 180_000 }, () => {
	let postgres: PostgresServer;
	let broker: RabbitMq;
	let bus: { readonly connection: ChannelModel; readonly channel: ConfirmChannel };
	beforeAll(async () => {
		postgres = startPostgres();
		broker = await startRabbitMq();
		await broker.control("await_startup");
		const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker.port}`);
		const channel = await connection.createConfirmChannel();
		for (const exchange of ["neutron", "nova"]) await channel.assertExchange(exchange, "topic", { durable: false });
		bus = { connection, channel };
	}, 180_000);
	afterAll(async () => {
		await bus?.connection.close();
		await broker?.remove();
		postgres?.stop();
	});

	let folder: string;
	let cloud: FakeOpenStack;
	let database: string;
	beforeEach(async () => {
		folder = mkdtempSync(join(tmpdir(), "guestwire-nodes-"));
		writeFileSync(join(folder, "secret"), SECRET);
		cloud = await startFakeOpenStack();
		database = postgres.createDatabase();
	});
	afterEach(async () => {
		await cloud.close();
		rmSync(folder, { recursive: true });
	});

	function startNode(name: string, more: object = {}): Promise<ServeProcess> {
		const own = join(folder, name);
		mkdirSync(own);
		const config = {
			cloud: { openstack: {} },
			metadata: [{ listen: "127.0.0.1:0", identity: "signed", sharedSecretFile: join(folder, "secret") }],
			state: { postgres: database },
			workers: 2,
			...more,
		};
		return startServe(own, config, {
			...cloud.env,
			GUESTWIRE_TRANSPORT_URL: `rabbit://guest:guest@127.0.0.1:${broker.port}/`,
		});
	}

	/** Renames a port, and reports it as Neutron does. */
	async function describePort(id: string, name: string, isReported = true): Promise<void> {
		const port = cloud.records.ports.find((one) => one.id === id);
		const revision = Number(port?.["revision_number"]) + 1;
		cloud.records.ports = cloud.records.ports.map((one) =>
			one.id === id ? { ...one, name, revision_number: revision } : one,
		);
		if (isReported) await notify("neutron", { event_type: "port.update.end", payload: { port: { id } } });
	}

	async function notify(service: "neutron" | "nova", message: object): Promise<void> {
		const envelope = { "oslo.version": "2.0", "oslo.message": JSON.stringify(message) };
		bus.channel.publish(service, "notifications.info", Buffer.from(JSON.stringify(envelope)));
		await bus.channel.waitForConfirms();
	}

	/** Something happens in each service that no instance's facts contain. */
	async function notifyAnything(): Promise<void> {
		await notify("neutron", { event_type: "router.create.end", payload: { router: {} } });
		await notify("nova", { event_type: "flavor.create", payload: { "nova_object.data": {} } });
	}

	const metric = async (node: ServeProcess, name: string) =>
		Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "m").exec(await node.metrics())?.[1]);
	const isLeader = async (node: ServeProcess) => (await metric(node, "guestwire_mirror_leader")) === 1;
	const isFilled = async (node: ServeProcess) => (await metric(node, "guestwire_mirror_fill_ratio")) === 1;
	/** All changes are known: the mirror is not older than this. Seconds. */
	const isCurrent = async (node: ServeProcess) => (await metric(node, "guestwire_mirror_age_seconds")) < 2;
	async function untilCurrent(node: ServeProcess): Promise<void> {
		await expect.poll(() => notifyAnything().then(() => isCurrent(node)), SOON).toBe(true);
	}

	async function bothNodes(): Promise<readonly [leader: ServeProcess, other: ServeProcess]> {
		const first = await startNode("first");
		await expect.poll(() => isFilled(first), SOON).toBe(true);
		const second = await startNode("second");
		for (const node of [first, second]) await untilCurrent(node);
		expect([await isLeader(first), await isLeader(second)]).toEqual([true, false]);
		return [first, second];
	}

	async function killed(node: ServeProcess): Promise<number> {
		node.kill("SIGKILL");
		await node.ended;
		return performance.now();
	}

	function headersOf(id: string): Record<string, string> {
		const project = cloud.records.servers.find((one) => one.id === id)?.["tenant_id"];
		const signature = createHmac("sha256", SECRET).update(id).digest("hex");
		return { "x-instance-id": id, "x-tenant-id": `${project}`, "x-instance-id-signature": signature };
	}

	async function ask(node: ServeProcess, id: string, path: string, init: RequestInit = {}) {
		const response = await fetch(`${node.guests[0]}/openstack/latest/${path}`, { ...init, headers: headersOf(id) });
		return { status: response.status, body: await response.text() };
	}

	/** The ids in the mirror, by kind. */
	async function stored(state: StateDatabase): Promise<Record<string, string[]>> {
		const rows = await state.read((tables) =>
			tables.selectFrom("mirror_resources").select(["kind", "id"]).where("content", "is not", null).execute(),
		);
		return Object.fromEntries(
			Object.keys(KINDS).map((kind) => [
				kind,
				rows
					.filter((row) => row.kind === kind)
					.map(({ id }) => id)
					.sort(),
			]),
		);
	}

	const expected = () =>
		Object.fromEntries(
			Object.entries(KINDS).map(([kind, records]) => [
				kind,
				cloud.records[records]
					.filter((one) => one["status"] !== "DELETED")
					.map(({ id }) => id)
					.sort(),
			]),
		);

	async function withState<T>(use: (state: StateDatabase) => Promise<T>): Promise<T> {
		const state = await openDatabase({ postgres: database });
		try {
			return await use(state);
		} finally {
			await state.close();
		}
	}

	const someInstance = () => {
		const ports = cloud.records.ports.filter((port) => `${port["device_owner"]}`.startsWith("compute:"));
		const [server] = cloud.records.servers.filter(({ id }) => ports.some((port) => port["device_id"] === id));
		const port = ports.find((one) => one["device_id"] === server?.id);
		return { id: server?.id ?? "", port: port?.id ?? "" };
	};

	const nameSeenBy = async (node: ServeProcess, id: string) => {
		const { body } = await ask(node, id, "metadata/network_data");
		return JSON.parse(body).ports.map((port: { name: string }) => port.name);
	};

	test("share documents, random_seed and passwords", async () => {
		const [first, second] = await bothNodes();
		const { id } = someInstance();
		const seen = await ask(first, id, "meta_data.json");
		expect(seen.status).toBe(200);
		expect(JSON.parse(seen.body).random_seed).toMatch(/^[\w+/]{680,}=*$/);
		expect(await ask(second, id, "meta_data.json")).toEqual(seen);
		expect((await ask(first, id, "password", { method: "POST", body: "secret" })).status).toBe(200);
		expect(await ask(second, id, "password")).toEqual({ status: 200, body: "secret" });
		expect((await ask(second, id, "password", { method: "POST", body: "other" })).status).toBe(409);
	});

	test("both see a change within a second of the bus's message", async () => {
		const nodes = await bothNodes();
		const { id, port } = someInstance();
		for (const node of nodes) expect((await ask(node, id, "metadata/network_data")).status).toBe(200);
		const took: number[] = [];
		for (let round = 0; round < 5; round++) {
			await describePort(port, `name-${round}`);
			const changed = performance.now();
			for (const node of nodes) {
				await expect.poll(() => nameSeenBy(node, id), SOON).toContain(`name-${round}`);
				took.push(performance.now() - changed);
			}
		}
		console.log(`seen by both nodes after ${took.map(Math.round).join(", ")} ms`);
		// The median: other work on this machine is not what is tested.
		expect(took.sort((a, b) => a - b)[Math.floor(took.length / 2)]).toBeLessThan(1000);
	});

	test("while Neutron sends no notifications, facts are no older than freshness, and /readyz says what to set", async () => {
		const node = await startNode("first", { freshness: 2 });
		const readiness = async () => (await fetch(`${node.operator}/readyz`)).text();
		const trusted = (sender: string) => metric(node, `guestwire_signal_sender_trusted\\{sender="${sender}"\\}`);
		await expect.poll(() => isFilled(node), SOON).toBe(true);
		await expect.poll(() => metric(node, 'guestwire_signal_up\\{signal="bus"\\}'), SOON).toBe(1);
		await notify("nova", { event_type: "flavor.create", payload: { "nova_object.data": {} } });
		await expect.poll(() => trusted("nova"), SOON).toBe(1);
		await expect
			.poll(readiness, SOON)
			.toMatch(/^ok, but Neutron has sent no notification .*: .*set driver = messagingv2/);
		expect(await trusted("neutron")).toBe(0);
		const { id, port } = someInstance();
		expect((await ask(node, id, "metadata/network_data")).status).toBe(200);
		await describePort(port, "unreported", false);
		// Long before the next comparison.
		await expect.poll(() => nameSeenBy(node, id), SOON).toContain("unreported");

		// The first notification proves that they come.
		await describePort(port, "reported");
		const changed = performance.now();
		await expect.poll(() => nameSeenBy(node, id), SOON).toContain("reported");
		console.log(`the first change that Neutron reports is seen after ${Math.round(performance.now() - changed)} ms`);
		await expect.poll(readiness, SOON).toBe("ok\n");
		await expect.poll(() => isCurrent(node), SOON).toBe(true);
	});

	test("a leader killed while it fills is replaced within 10 s, and nothing is missing", async () => {
		const reached = Promise.withResolvers<void>();
		cloud.fault = (call) => {
			if (!call.includes("/v2.0/subnets")) return undefined;
			return () => reached.resolve();
		};
		const first = await startNode("first");
		await reached.promise;
		const second = await startNode("second");
		expect([await isLeader(first), await isFilled(second)]).toEqual([true, false]);
		cloud.fault = () => undefined;
		const since = await killed(first);
		await expect.poll(() => isLeader(second), SOON).toBe(true);
		const took = performance.now() - since;
		console.log(`another node leads ${Math.round(took)} ms after the leader's death`);
		expect(took).toBeLessThan(TAKEOVER);
		await expect.poll(() => isFilled(second), SOON).toBe(true);
		await withState(async (state) => expect(await stored(state)).toEqual(expected()));
	});

	test("nothing is missed if a leader is killed while it reads a change, or if no process hears of changes", async () => {
		const [first, second] = await bothNodes();
		const { id, port } = someInstance();
		const others = cloud.records.ports.filter((one) => one.id !== port && one["device_owner"] === "compute:nova");
		for (const node of [first, second]) await ask(node, id, "metadata/network_data");
		const reached = Promise.withResolvers<void>();
		cloud.fault = (call) => (call.includes(`id=${port}`) ? () => reached.resolve() : undefined);
		await describePort(port, "changed");
		await reached.promise;
		const since = await killed(first);
		cloud.fault = () => undefined;
		for (const other of others) await describePort(other.id, "unheard", false);
		await expect.poll(() => isLeader(second), SOON).toBe(true);
		const took = performance.now() - since;
		console.log(`another node leads ${Math.round(took)} ms after the leader's death`);
		expect(took).toBeLessThan(TAKEOVER);
		await expect.poll(() => nameSeenBy(second, id), SOON).toContain("changed");
		const names = () =>
			withState((state) =>
				state.read(async (tables) => {
					const rows = await tables.selectFrom("mirror_resources").selectAll().where("kind", "=", "port").execute();
					return Object.fromEntries(rows.map((row) => [row.id, JSON.parse(row.content ?? "{}").name]));
				}),
			);
		const wanted = Object.fromEntries(cloud.records.ports.map((one) => [one.id, one["name"]]));
		await expect.poll(names, SOON).toEqual(wanted);
	});

	test("without PostgreSQL, known guests are answered, and passwords are 503 until it returns", async () => {
		const nodes = await bothNodes();
		const { id } = someInstance();
		const before = await Promise.all(nodes.map((node) => ask(node, id, "network_data.json")));
		postgres.kill();
		try {
			// Longer than the signals' last proof counts.
			for (let at = 0; at < 4; at++, await sleep(1000)) {
				expect(await Promise.all(nodes.map((node) => ask(node, id, "network_data.json")))).toEqual(before);
			}
			for (const node of nodes) {
				expect((await ask(node, id, "password", { method: "POST", body: "lost" })).status).toBe(503);
				expect((await ask(node, id, "password")).status).toBe(503);
			}
		} finally {
			postgres.restart();
		}
		const since = performance.now();
		for (const node of nodes) await expect.poll(async () => (await ask(node, id, "password")).status, SOON).toBe(200);
		expect(await ask(nodes[0], id, "password", { method: "POST", body: "kept" })).toMatchObject({ status: 200 });
		expect(await ask(nodes[1], id, "password")).toMatchObject({ body: "kept" });
		console.log(`passwords work ${Math.round(performance.now() - since)} ms after PostgreSQL's return`);
		expect(performance.now() - since).toBeLessThan(10_000);
		const leads = async () => (await Promise.all(nodes.map(isLeader))).filter(Boolean).length;
		await expect.poll(leads, SOON).toBe(1);
		expect(performance.now() - since).toBeLessThan(TAKEOVER);
	});

	test("two nodes send as many requests to the cloud as one", async () => {
		const { port, id } = someInstance();
		/** Calls, without those that are made at regular intervals. */
		const isCounted = (call: string) => !/changes-since|fields=sub_ports|\/identity\//.test(call);
		const series = async (nodes: readonly ServeProcess[], name: string) => {
			for (const node of nodes)
				for (const server of cloud.records.servers) await ask(node, server.id, "meta_data.json");
			const before = cloud.requests.filter(isCounted).length;
			for (let round = 0; round < 12; round++) {
				await describePort(port, `${name}-${round}`);
				for (const node of nodes) await expect.poll(() => nameSeenBy(node, id), SOON).toContain(`${name}-${round}`);
				for (const node of nodes)
					for (const server of cloud.records.servers) await ask(node, server.id, "meta_data.json");
			}
			return cloud.requests.filter(isCounted).length - before;
		};
		const first = await startNode("first");
		await expect.poll(() => isFilled(first), SOON).toBe(true);
		await untilCurrent(first);
		const ofOne = await series([first], "one");
		const second = await startNode("second");
		await untilCurrent(second);
		const ofTwo = await series([first, second], "two");
		console.log(`12 changes: ${ofOne} calls of one node, ${ofTwo} of two`);
		expect(ofTwo).toBeLessThanOrEqual(ofOne * 1.05);
	});
});
