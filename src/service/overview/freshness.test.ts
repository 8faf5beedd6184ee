import { expect, it } from "vitest";
import type { LastAnswer } from "../../store/history-store.ts";
import { comparableAnswers, isOutdated } from "./freshness.ts";

const OLD = "old";
const NEW = "new";
const MINUTE = 60_000;
const fetched = (path: string, at: number, digest: string): LastAnswer => ({
	...{ path, at, digest, status: 200, bytes: 1, user_agent: "", listener: "", node: "" },
});
/** Whether a guest with these answers is out of date, if each document that it would get now is new. */
const judge = (...answers: readonly LastAnswer[]) =>
	isOutdated(
		comparableAnswers(answers, false),
		() => new Uint8Array(1),
		() => NEW,
	);

it("a guest stays out of date whatever other documents it reads, however much later", async () => {
	const old = fetched("openstack/2018-08-27/network_data.json", 0, OLD);
	const read = fetched("openstack/latest/meta_data.json", 11 * MINUTE, NEW);
	await expect(judge(old)).resolves.toBe(true);
	await expect(judge(old, read)).resolves.toBe(true);
});

it("a guest is up to date after it has fetched the same document, in whichever version", async () => {
	const old = fetched("openstack/2018-08-27/network_data.json", 0, OLD);
	await expect(judge(old, fetched("openstack/latest/network_data.json", 11 * MINUTE, NEW))).resolves.toBe(false);
	const userData = fetched("2009-04-04/user-data", 0, OLD);
	await expect(judge(userData, fetched("openstack/latest/user_data", 11 * MINUTE, NEW))).resolves.toBe(false);
});

it("all versions of a document that a program fetches in one boot count, as cloudbase-init fetches two", async () => {
	const latest = fetched("openstack/latest/meta_data.json", 0, OLD);
	await expect(judge(latest, fetched("openstack/2013-04-04/meta_data.json", 1000, NEW))).resolves.toBe(true);
});

it("documents that depend on other services are not compared", async () => {
	await expect(judge(fetched("openstack/latest/vendor_data2.json", 0, OLD))).resolves.toBeUndefined();
	await expect(judge()).resolves.toBeUndefined();
});
