/** The message bus of a cloud: a real RabbitMQ. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChannelModel, connect } from "amqplib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createBus } from "../../src/source/openstack/bus.ts";
import { checkBus } from "../../src/source/openstack/check-bus.ts";
import { parseTransportUrl } from "../../src/source/openstack/transport-url.ts";
import type { Signal } from "../../src/source/remote-source.ts";
import { hasProgram } from "./programs.ts";
import { type Certificate, hasRabbitMq, type RabbitMq, startRabbitMq } from "./rabbitmq-server.ts";

const ID = "0f6d5a3e-9c1b-4d8e-a7f2-3b4c5d6e7f80";
const SOON = { timeout: 10_000, interval: 20 };

const isPossible = hasRabbitMq && hasProgram("openssl");

describe.skipIf(!isPossible)("the message bus", { timeout: 90_000 }, () => {
	let broker: RabbitMq;
	let folder: string;
	let certificate: Certificate;

	beforeAll(async () => {
		folder = mkdtempSync(join(tmpdir(), "guestwire-bus-"));
		certificate = createCertificate(folder);
		broker = await startRabbitMq(certificate);
		await broker.control("await_startup");
		// What docs/openstack.md tells operators to do.
		await broker.control("add_user", "guestwire", "rain/coat@7");
		await broker.control(
			"set_permissions",
			"guestwire",
			"^guestwire\\.",
			"^guestwire\\.",
			"^(guestwire\\..*|neutron|nova)$",
		);
	}, 120_000);
	afterAll(async () => {
		await broker?.remove();
		rmSync(folder, { recursive: true, force: true });
	});

	const login = "guestwire:rain%2Fcoat%407";
	const url = () => `rabbit://${login}@127.0.0.1:${broker.port}/`;

	/** What Neutron and Nova do on the bus. */
	async function publisher() {
		const connection: ChannelModel = await connect(`amqp://guest:guest@127.0.0.1:${broker.port}`);
		connection.on("error", () => {});
		const channel = await connection.createConfirmChannel();
		channel.on("error", () => {});
		const declare = (exchange: string) => channel.assertExchange(exchange, "topic", { durable: false });
		const end = async () => {
			for (const exchange of ["neutron", "nova"]) await channel.deleteExchange(exchange);
			for (const name of ["notifications.info", "versioned_notifications.info"]) await channel.deleteQueue(name);
			await connection.close();
		};
		onTestFinished(() => end().catch(() => {}));
		const queue = (name: string) => channel.assertQueue(name, { durable: false });
		const fill = async (name: string, count: number) => {
			for (let at = 0; at < count; at++) channel.sendToQueue(name, Buffer.from("{}"));
			await channel.waitForConfirms();
		};
		const send = async (exchange: string, key: string, message: unknown) => {
			channel.publish(exchange, key, Buffer.from(typeof message === "string" ? message : JSON.stringify(message)));
			await channel.waitForConfirms();
		};
		const portChanged = (id: string, key = "notifications.info") => {
			const notification = {
				event_type: "port.update.end",
				payload: { port: { id } },
				timestamp: "2026-11-26 12:51:55.7",
			};
			return send("neutron", key, { "oslo.version": "2.0", "oslo.message": JSON.stringify(notification) });
		};
		return { declare, queue, fill, end, send, portChanged };
	}

	function listenTo(address: string) {
		const heard: string[] = [];
		const senders: string[] = [];
		const places: (string | undefined)[] = [];
		const signals: Signal[] = [];
		const end = createBus(async () => parseTransportUrl(address, "transport-url")).listen({
			onSignals: (some) => void signals.push(...some),
			onGap(since, place) {
				heard.push(since === undefined ? "up" : "up again");
				places.push(place);
			},
			onHeard: (sender) => void senders.push(sender),
			onUp: () => void heard.push("up without a gap"),
			onDown: (reason) => void heard.push(`down: ${reason}`),
			onInvalid: (reason) => void heard.push(`invalid: ${reason}`),
		});
		onTestFinished(end);
		return { heard, senders, places, ids: () => signals.flatMap(({ ids }) => ids), signals, end };
	}

	test("notifications arrive from both exchanges, of every priority and topic", async () => {
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		const { heard, signals } = listenTo(url());
		await expect.poll(() => heard, SOON).toEqual(["up"]);
		await bus.portChanged(ID);
		await bus.portChanged(ID, "notifications.error");
		await bus.send("nova", "notifications.info", {
			event_type: "compute.instance.update",
			payload: { instance_id: ID },
		});
		const versioned = { event_type: "instance.update", payload: { "nova_object.data": { uuid: ID } } };
		for (const priority of ["info", "error"]) await bus.send("nova", `versioned_notifications.${priority}`, versioned);
		await bus.send("nova", "compute.host-1", { method: "build_and_run_instance", args: {} });
		await expect
			.poll(() => signals.map(({ kind }) => kind), SOON)
			.toEqual(["port", "port", "server", "server", "server"]);
		expect(signals[0]).toEqual({ kind: "port", ids: [ID], changedAt: Date.parse("2026-11-26T12:51:55.7Z") });
		expect(heard).toEqual(["up"]);
	});

	test("the exchange tells who was heard; Nova counts only with its versioned format", async () => {
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		const { heard, senders, places, ids } = listenTo(url());
		await expect.poll(() => heard, SOON).toEqual(["up"]);
		expect(places).toEqual([`127.0.0.1:${broker.port}//`]);
		await bus.send("nova", "notifications.info", {
			event_type: "compute.instance.update",
			payload: { instance_id: ID },
		});
		await bus.send("neutron", "notifications.info", "{");
		// As if somebody published to Guestwire's own queue.
		const [queue = ""] = /^guestwire\..*$/m.exec(await broker.control("list_queues", "name")) ?? [];
		await bus.send("", queue, { event_type: "port.update.end", payload: { port: { id: ID } } });
		await expect.poll(() => ids().length, SOON).toBe(2);
		expect(senders).toEqual([]);
		await bus.send("nova", "versioned_notifications.info", {
			event_type: "instance.update",
			payload: { "nova_object.data": { uuid: ID } },
		});
		// It names nothing that is read.
		await bus.send("neutron", "notifications.info", { event_type: "router.create.end", payload: { router: {} } });
		await expect.poll(() => senders, SOON).toEqual(["nova", "neutron"]);
	});

	test("a broken or forged message is reported, and others still arrive", async () => {
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		const { heard, ids } = listenTo(url());
		await expect.poll(() => heard, SOON).toEqual(["up"]);
		await bus.send("neutron", "notifications.info", "{");
		await bus.portChanged("../../servers");
		await bus.portChanged(ID);
		await expect.poll(ids, SOON).toEqual([ID]);
		expect(heard).toEqual(["up", "invalid: a message that is not JSON", "invalid: a message with an invalid id"]);
	});

	test("afterwards, the broker has no additional queue or exchange", async () => {
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		const list = async () => [
			await broker.control("list_exchanges", "name"),
			await broker.control("list_queues", "name"),
		];
		const before = await list();
		const { heard, end } = listenTo(url());
		await expect.poll(() => heard, SOON).toEqual(["up"]);
		const during = await broker.control("list_queues", "name", "exclusive", "auto_delete", "durable");
		expect(during).toMatch(/^guestwire\.[0-9a-f-]{36}\ttrue\ttrue\tfalse$/m);
		await end();
		expect(await list()).toEqual(before);
	});

	test("an exchange that does not exist is waited for, and not created", async () => {
		const bus = await publisher();
		await bus.declare("neutron");
		const { heard, ids } = listenTo(url());
		await expect
			.poll(() => heard, SOON)
			.toEqual([expect.stringMatching(/^down: .*exchange nova does not exist: .*docs/)]);
		expect(await broker.control("list_exchanges", "name")).not.toMatch(/^nova$/m);
		await bus.portChanged(ID);
		await expect.poll(ids, SOON).toEqual([ID]);
		await bus.declare("nova");
		await expect.poll(() => heard.at(-1), SOON).toBe("up");
		await bus.send("nova", "notifications.info", { event_type: "instance.update", payload: { uuid: ID } });
		await expect.poll(ids, SOON).toEqual([ID, ID]);
	});

	test("a queue that grew so long that the broker may have dropped messages is a gap", async () => {
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		const { heard, ids } = listenTo(url());
		await expect.poll(() => heard, SOON).toEqual(["up"]);
		// Another process publishes while this one stands still.
		const flood = `
			import { connect } from "amqplib";
			const connection = await connect("amqp://guest:guest@127.0.0.1:${broker.port}");
			const channel = await connection.createConfirmChannel();
			const message = JSON.stringify({ event_type: "port.update.end", payload: { port: { id: "${ID}" } } });
			for (let at = 0; at < 20_000; at++) channel.publish("neutron", "notifications.info", Buffer.from(message));
			await channel.waitForConfirms();
			await connection.close();
			setTimeout(() => {}, 6000);`;
		execFileSync(process.execPath, ["--input-type=module", "-e", flood], { cwd: import.meta.dirname });
		await expect.poll(() => heard, SOON).toEqual(["up", "up again"]);
		await expect.poll(() => ids().length, SOON).toBe(20_000);
	});

	test("several hosts, of which the first is dead", async () => {
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		const { heard, ids } = listenTo(`rabbit://${login}@127.0.0.1:1,${login}@127.0.0.1:${broker.port}/`);
		await expect.poll(() => heard, SOON).toEqual(["up"]);
		await bus.portChanged(ID);
		await expect.poll(ids, SOON).toEqual([ID]);
	});

	test("TLS, with the CA's certificate", async () => {
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		const address = `rabbit://${login}@127.0.0.1:${broker.tlsPort}/?ssl=1`;
		const trusting = listenTo(`${address}&ssl_ca_file=${certificate.ca}`);
		await expect.poll(() => trusting.heard, SOON).toEqual(["up"]);
		await bus.portChanged(ID);
		await expect.poll(trusting.ids, SOON).toEqual([ID]);
		const distrusting = listenTo(address);
		await expect.poll(() => distrusting.heard, SOON).toEqual([expect.stringMatching(/^down: .*certificate/)]);
	});

	test("a wrong password is reported without it", async () => {
		const { heard } = listenTo(`rabbit://guestwire:secret@127.0.0.1:${broker.port}/`);
		await expect.poll(() => heard, SOON).toEqual([expect.stringMatching(/^down: (?!.*secret).*ACCESS.REFUSED/)]);
	});

	test("a virtual host that does not exist is reported", async () => {
		const { heard } = listenTo(`${url()}other`);
		await expect.poll(() => heard, SOON).toEqual([expect.stringMatching(/^down: .*refuses the virtual host/)]);
	});

	describe("doctor", () => {
		/** Listens for a moment only: nothing is sent unless the test sends it. */
		const doctor = (address: string, seconds = 0.2) =>
			checkBus(async () => async () => parseTransportUrl(address, "transport-url"), seconds);

		test("finds what is missing, step by step", async () => {
			const bus = await publisher();
			const [missing] = await doctor(url());
			expect(missing).toMatchObject({
				ok: false,
				found: expect.stringMatching(/^exchange neutron and nova does not exist/),
			});
			for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
			const silent = /^none has ever been sent to the queue (versioned_)?notifications.info: set driver = messagingv2/;
			expect(await doctor(url())).toMatchObject([
				{ part: "message bus", ok: true },
				{ part: "notification queues", ok: true },
				{ part: "Neutron's notifications", ok: false, found: expect.stringMatching(silent) },
				{ part: "Nova's notifications", ok: false, found: expect.stringMatching(silent) },
			]);
		});

		test("says that it heard nothing, although the queues exist, which Nova alone may have declared", async () => {
			const bus = await publisher();
			for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
			for (const name of ["notifications.info", "versioned_notifications.info"]) await bus.queue(name);
			const [, , ...found] = await doctor(url());
			const what = /^nothing heard in 0.2 s: if nothing changed, that can be normal.*--listen 60.*example: openstack/;
			expect(found).toMatchObject(
				["Neutron", "Nova"].map((title) => ({
					...{ part: `${title}'s notifications`, ok: true, warning: true },
					found: expect.stringMatching(what),
				})),
			);
		});

		test("says of each sender what it heard, and waits no longer", async () => {
			const bus = await publisher();
			for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
			for (const name of ["notifications.info", "versioned_notifications.info"]) await bus.queue(name);
			const old = { event_type: "compute.instance.update", payload: { instance_id: ID } };
			const versioned = { event_type: "instance.update", payload: { "nova_object.data": { uuid: ID } } };
			/** Sends until the check is over. */
			const during = async (send: () => Promise<void>, seconds: number) => {
				const found = doctor(url(), seconds);
				let isOver = false;
				void found.finally(() => {
					isOver = true;
				});
				while (!isOver) await send();
				const [, , neutron, nova] = await found;
				return { neutron, nova };
			};
			const one = await during(() => bus.send("nova", "notifications.info", old), 1);
			expect(one.neutron).toMatchObject({ warning: true, found: expect.stringMatching(/^nothing heard in 1 s/) });
			expect(one.nova).toMatchObject({
				...{ ok: true, warning: true },
				found: expect.stringMatching(/^heard \d+, but none in the versioned format: .*notification_format = both/),
			});
			const both = await during(async () => {
				await bus.send("nova", "versioned_notifications.info", versioned);
				await bus.portChanged(ID);
			}, 3600);
			for (const found of [both.neutron, both.nova]) {
				expect(found).toEqual({ part: expect.anything(), ok: true, found: expect.stringMatching(/^heard \d+$/) });
			}
		});

		test("finds a queue that grows", async () => {
			const bus = await publisher();
			for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
			await bus.queue("notifications.info");
			await bus.queue("versioned_notifications.info");
			await bus.fill("notifications.info", 10_001);
			const [, found] = await doctor(url());
			expect(found).toMatchObject({
				ok: false,
				found: expect.stringMatching(/notifications.info has 10001 messages.*policy/),
			});
		});

		test("finds the host that is dead, and the password that is wrong", async () => {
			const both = `rabbit://${login}@127.0.0.1:1,guestwire:secret@127.0.0.1:${broker.port}/`;
			const [found] = await doctor(both);
			expect(found).toMatchObject({
				ok: false,
				found: expect.stringMatching(/^127.0.0.1:1: .*REFUSED.*; .*ACCESS.REFUSED/),
			});
			expect(found?.found).not.toContain("secret");
		});
	});

	test("a broker that dies and comes back: a gap, and messages flow again", async () => {
		const before = await publisher();
		for (const exchange of ["neutron", "nova"]) await before.declare(exchange);
		const { heard, ids } = listenTo(url());
		await expect.poll(() => heard, SOON).toEqual(["up"]);
		await broker.kill();
		await expect.poll(() => heard, SOON).toEqual(["up", expect.stringMatching(/^down: /)]);
		await broker.start();
		const returned = Date.now();
		const bus = await publisher();
		for (const exchange of ["neutron", "nova"]) await bus.declare(exchange);
		await expect.poll(() => heard.at(-1), { timeout: 30_000, interval: 20 }).toBe("up again");
		expect(Date.now() - returned).toBeLessThan(8000);
		await bus.portChanged(ID);
		await expect.poll(ids, SOON).toEqual([ID]);
	});
});

/** A CA, and a certificate of it for 127.0.0.1. */
function createCertificate(folder: string): Certificate {
	const file = (name: string) => join(folder, name);
	const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
	const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
	openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA");
	openssl("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=broker");
	writeFileSync(file("extensions"), "subjectAltName = IP:127.0.0.1\n");
	const ca = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"];
	openssl("x509", "-req", "-in", "server.csr", ...ca, "-out", "server.pem", "-days", "2");
	return { ca: file("ca.pem"), cert: file("server.pem"), key: file("server.key") };
}
