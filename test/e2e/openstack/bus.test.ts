/** What guests see of the cloud's changes, and how soon, while Guestwire listens to the cloud's message bus. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, ensure, eventually, login } from "./api.ts";
import { type Answer, type Asker, ask } from "./asking.ts";
import {
	type Change,
	makeSubject,
	NAME,
	NETWORK_CHANGES,
	NETWORK_DATA,
	OTHER_CHANGES,
	removeSubject,
	type Subject,
} from "./changes.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { laboratoryEnv } from "./laboratory.ts";
import { makePort } from "./networks.ts";
import { PROJECT } from "./plan.ts";

/** How often each change is made. */
const ROUNDS = 20;
const rounds = Array.from({ length: ROUNDS }, (_, index) => index + 1);
/** What docs/openstack.md and docs/mirror.md promise. Seconds. */
const SOON = 1;
const TRUNKS = 3;
/** What no change takes. Seconds. */
const GIVE_UP = 60;

let api: Api;
let subject: Subject;
let guestwire: Guestwire;
/** Of every change but those of trunks. Seconds. */
const allLags: number[] = [];

beforeAll(async () => {
	api = await login(PROJECT);
	subject = await makeSubject(api);
	guestwire = await startGuestwire({ profile: "full", bus: laboratoryEnv()["GUESTWIRE_TRANSPORT_URL"] ?? "" });
	await eventually("the bus works", 60, async () => ((await busUp()) ? true : undefined));
});
afterAll(async () => {
	await guestwire.stop();
	await removeSubject(api);
});

const busUp = async () => (await guestwire.metric("guestwire_signal_up", 'signal="bus"')) === 1;

/** Polls as a guest until it gets what is wanted; ends with the time. */
async function seenAt(asker: Asker, path: string, isWanted: (answer: Answer) => boolean): Promise<number> {
	for (const end = performance.now() + GIVE_UP * 1000; performance.now() < end; await pause(20)) {
		if (isWanted(await ask(guestwire.port, asker, path))) return performance.now();
	}
	throw new Error(`${path}: the change is not seen within ${GIVE_UP} s`);
}

const has = (text: string) => (answer: Answer) => answer.status === 200 && answer.body.includes(text);
const lacks = (text: string) => (answer: Answer) => answer.status === 200 && !answer.body.includes(text);

/** From the API's answer until a guest that polls sees the change. Seconds. */
async function lagOf(change: Promise<unknown>, seen: Promise<number>): Promise<number> {
	const [answered, at] = await Promise.all([change.then(() => performance.now()), seen]);
	return Math.max(0, at - answered) / 1000;
}

function report(what: string, lags: number[]): void {
	lags.sort((a, b) => a - b);
	const at = (share: number) => lags[Math.ceil(lags.length * share) - 1]?.toFixed(3);
	console.log(`${what}: ${lags.length} times, median ${at(0.5)} s, p99 ${at(0.99)} s`);
}

async function measure(what: string, lag: (n: number) => Promise<number>): Promise<void> {
	const lags: number[] = [];
	for (const n of rounds) lags.push(await lag(n));
	report(what, lags);
	allLags.push(...lags);
}

const seenChange = ({ path, sign }: Change, n: number) => seenAt(subject.guest, path, has(sign(n)));

describe("a guest that polls sees soon", () => {
	it.each([...NETWORK_CHANGES, ...OTHER_CHANGES])("$what", async (change) => {
		await measure(change.what, (n) => lagOf(change.change(subject, n), seenChange(change, n)));
	});

	it("an attached NIC, and that it is detached", async () => {
		const { guest, wiring } = subject;
		const port = await makePort(api, `${NAME}-later`, { network: NAME }, wiring);
		const attachments = `/servers/${guest.id}/os-interface`;
		const attached: number[] = [];
		await measure("a detached NIC", async () => {
			const attach = api.post("compute", attachments, { interfaceAttachment: { port_id: port.id } });
			attached.push(await lagOf(attach, seenAt(guest, NETWORK_DATA, has(port.mac_address))));
			const detach = async () => {
				await api.delete("compute", `${attachments}/${port.id}`);
				// Nova answers before it does it.
				const isFree = async () => (await api.get("network", `/ports/${port.id}`)).port.device_id === "";
				await eventually("the NIC is detached", GIVE_UP, async () => ((await isFree()) ? true : undefined), 20);
			};
			return lagOf(detach(), seenAt(guest, NETWORK_DATA, lacks(port.mac_address)));
		});
		report("an attached NIC", attached);
		allLags.push(...attached);
	});

	it("a trunk's subports", async () => {
		const { guest, wiring } = subject;
		const port = await makePort(api, `${NAME}-subport`, { network: NAME }, wiring);
		const trunk = await ensure(api, "trunks", `${NAME}-trunk`, { port_id: guest.ports[0].id, sub_ports: [] });
		const subport = { port_id: port.id, segmentation_type: "vlan", segmentation_id: 7 };
		const change = (verb: string) =>
			api.put("network", `/trunks/${trunk.id}/${verb}_subports`, { sub_ports: [subport] });
		const lags: number[] = [];
		for (const n of rounds) {
			const [verb, isWanted] = n % 2 === 1 ? (["add", has] as const) : (["remove", lacks] as const);
			lags.push(await lagOf(change(verb), seenAt(guest, NETWORK_DATA, isWanted(port.mac_address))));
		}
		report("a trunk's subports", lags);
		expect(lags.at(-1)).toBeLessThanOrEqual(TRUNKS);
	});
});

it(`p99 of all these changes is at most ${SOON} s`, () => {
	report("all", allLags);
	expect(allLags.length).toBe(13 * ROUNDS);
	expect(allLags[Math.ceil(allLags.length * 0.99) - 1]).toBeLessThanOrEqual(SOON);
});
