/** @module-tag slow */
import type { ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Fault } from "../../../test/fake-openstack.ts";
import { fake, source, status, useFakeSource } from "../../../test/fake-source.ts";
import { recordedCase } from "../../../test/recorded.ts";
import { assemble } from "../../instance/assemble.ts";

const { facts } = recordedCase("h1-full");
useFakeSource();

const look = () => source.facts(facts.id, "all");
const lookIsRight = async () => {
	const found = await look();
	expect(found && assemble(found)).toEqual(assemble(facts));
};

const says =
	(body: string): Fault =>
	(response) =>
		void response.writeHead(200).end(body);
const hangUp: Fault = (response) => void response.destroy();
const half: Fault = (response: ServerResponse) => {
	response.writeHead(200, { "content-length": 1000 });
	response.write('{"ports": [', () => response.destroy());
};
const halfChunked: Fault = (response: ServerResponse) => {
	response.writeHead(200);
	response.write('{"ports": [', () => response.destroy());
};

/** The fault strikes the first `times` requests that contain the text. */
function strike(fault: Fault, text: string, times = Number.POSITIVE_INFINITY): void {
	let left = times;
	fake.fault = (call) => (call.includes(text) && left-- > 0 ? fault : undefined);
}
const asked = (text: string) => fake.requests.filter((call) => call.includes(text)).length;

describe("temporary failures are retried", () => {
	test.each([
		["a 500", status(500)],
		["a 503", status(503)],
		["a 429 with Retry-After", status(429, { "retry-after": "0" })],
		["a connection that breaks", hangUp],
		["a half-sent answer", half],
		["a half-sent answer in chunks", halfChunked],
	])("%s, once", async (_, fault) => {
		strike(fault, "/ports", 1);
		await lookIsRight();
		expect(asked("/ports")).toBe(2);
	});

	test("all answers are correct although every third call fails", async () => {
		let count = 0;
		fake.fault = () => (++count % 3 === 0 ? status(500) : undefined);
		await lookIsRight();
	});

	test("not forever, and not if Retry-After is too long", async () => {
		strike(status(503), "/ports");
		await expect(look()).rejects.toMatchObject({
			code: "cloud-unavailable",
			message: expect.stringMatching(/ports.*503/),
		});
		expect(asked("/ports")).toBe(4);
		strike(status(503, { "retry-after": "3600" }), "/ports");
		await expect(look()).rejects.toMatchObject({ code: "cloud-unavailable" });
		expect(asked("/ports")).toBe(5);
	});

	test("an unreachable cloud is an error, and instances are known again once it is back", async () => {
		strike(hangUp, "");
		await expect(look()).rejects.toMatchObject({ code: "cloud-unavailable" });
		fake.fault = () => undefined;
		await lookIsRight();
	});
});

describe("tokens", () => {
	test("one login for any number of callers", async () => {
		await Promise.all(Array.from({ length: 20 }, look));
		expect(fake.logins).toHaveLength(1);
	});

	test("a revoked token is replaced once, however many calls it failed", async () => {
		await look();
		fake.revoke();
		await Promise.all(Array.from({ length: 20 }, lookIsRight));
		expect(fake.logins).toHaveLength(2);
	});

	test("an API that rejects every token is not called forever", async () => {
		strike(status(401), "/ports");
		await expect(look()).rejects.toMatchObject({ code: "cloud-unavailable", message: expect.stringContaining("401") });
		expect(fake.logins).toHaveLength(2);
	});

	test("calls with a token continue while Keystone is down", async () => {
		await look();
		strike(hangUp, "/identity/");
		await lookIsRight();
	});

	test("wrong credentials are reported, without their values", async () => {
		strike(status(401), "/identity/");
		const error: Error = await look().then(
			() => new Error("no error"),
			(reason) => reason,
		);
		expect(error).toMatchObject({
			code: "cloud-unavailable",
			message: expect.stringContaining("rejected the credentials"),
		});
		expect(error.message).not.toContain(fake.env["OS_PASSWORD"]);
	});
});

describe("an unexpected response is an error that names the call and the member", () => {
	const tell = (edit: (port: Record<string, unknown>) => void) => {
		for (const port of fake.records.ports) if (port["device_id"] === facts.id) edit(port);
	};
	const refusal = (message: RegExp) =>
		expect(look()).rejects.toMatchObject({ code: "cloud-answer", message: expect.stringMatching(message) });

	test("a member of the wrong type", async () => {
		tell((port) => {
			port["mac_address"] = 17;
		});
		await refusal(/^GET http:.*\/ports\?device_id=.*: ports\[0\]: mac_address must be text/);
	});

	test("a missing member", async () => {
		tell((port) => {
			delete port["network_id"];
		});
		await refusal(/ports\[0\]: the document "network_id" is missing/);
	});

	test.each([
		["invalid JSON", says("<html>"), /ports.*not JSON/],
		["a list instead of a map", says("[]"), /ports.*must be a map/],
		["a map instead of a list", says('{"ports": {}}'), /ports.*ports must be a list/],
		["403", status(403), /ports.*403; grant the user the role/],
		["400", status(400), /ports.*answered 400/],
		["404 for a resource that every Neutron has", status(404), /^\/ports does not exist \(404\)/],
	])("%s", async (_, fault, message) => {
		strike(fault, "/ports");
		await refusal(message);
	});

	test("a page that links to itself as the next one", async () => {
		const link = { rel: "next", href: "http://x/?marker=m" };
		strike(says(JSON.stringify({ ports: [], ports_links: [link] })), "/ports");
		await refusal(/links back to a page that was already read/);
	});

	test("an unreadable port affects only its own instance, not others in the same call", async () => {
		const other = recordedCase("a-dhcp4").facts;
		tell((port) => {
			port["fixed_ips"] = "none";
		});
		const [bad, good] = await Promise.allSettled([look(), source.facts(other.id, "wiring")]);
		expect(bad).toMatchObject({ status: "rejected", reason: { code: "cloud-answer" } });
		expect(good).toMatchObject({ status: "fulfilled", value: { id: other.id } });
		expect(asked("/ports?device_id=")).toBe(1);
	});
});

describe("servers that Nova returns only in part", () => {
	const cut = (keep: readonly string[]) => {
		fake.records.servers = fake.records.servers.map((server) =>
			server.id === facts.id
				? ({ ...Object.fromEntries(keep.map((key) => [key, server[key]])), status: "UNKNOWN" } as never)
				: server,
		);
	};

	test("a server whose cell is down is an error", async () => {
		cut(["id", "tenant_id", "created"]);
		await expect(look()).rejects.toMatchObject({ code: "cloud-unavailable", message: expect.stringContaining("cell") });
	});

	test("hidden user data is an error, not an instance without user data", async () => {
		cut(["id", "tenant_id", "name", "addresses", "metadata"]);
		await expect(look()).rejects.toMatchObject({ code: "cloud-answer", message: expect.stringContaining("role") });
	});
});

describe("a trunk that a port names and Neutron does not return", () => {
	const { id, ports, subports } = recordedCase("f-trunk").facts;
	const lookAtTrunk = () => source.facts(id, "wiring");

	test("hidden from the user: an error, not an instance without VLANs", async () => {
		fake.records.trunks.length = 0;
		await expect(lookAtTrunk()).rejects.toMatchObject({
			code: "cloud-answer",
			message: expect.stringMatching(/get_trunk.*docs\/openstack.md/),
		});
	});

	test("deleted in between: the port no longer has one", async () => {
		fake.records.trunks.length = 0;
		fake.fault = (call) => {
			if (!call.includes("/trunks")) return undefined;
			for (const port of fake.records.ports) delete port["trunk_details"];
			return (_, answer) => answer();
		};
		const found = await lookAtTrunk();
		expect(found?.trunks).toEqual([]);
		expect(found?.ports.length).toBe(ports.length);
		expect(subports.length).toBeGreaterThan(0);
	});
});

describe("a 404 for a listing that must exist is an error, not an empty list", () => {
	const trunkId = recordedCase("f-trunk").facts.id;

	test.each([
		["trunks that a port names", "/trunks", trunkId],
		["security groups that a port names", "/security-groups", facts.id],
		["servers", "/servers", facts.id],
	])("%s", async (_, path, id) => {
		strike(status(404), path);
		await expect(source.facts(id, "all")).rejects.toMatchObject({
			code: "cloud-answer",
			message: expect.stringContaining("does not exist (404)"),
		});
	});

	test("the operator's list", async () => {
		strike(status(404), "/servers");
		await expect(source.list()).rejects.toMatchObject({ code: "cloud-answer" });
	});

	test("a further page", async () => {
		fake.pageSize = 3;
		strike(status(404), "marker=");
		await expect(source.list()).rejects.toMatchObject({
			code: "cloud-answer",
			message: expect.stringMatching(/^\/servers, page 2, does not exist/),
		});
	});

	test("floating IPs may be missing, and are requested again after some minutes", async () => {
		vi.useFakeTimers({ toFake: ["performance"] });
		onTestFinished(() => void vi.useRealTimers());
		strike(status(404), "/floatingips", 1);
		const { id, floatingIps } = recordedCase("h2-floating").facts;
		const found = async () => (await source.facts(id, "all"))?.floatingIps;
		for (const _ of [1, 2]) expect(await found()).toEqual([]);
		expect(asked("/floatingips")).toBe(1);
		vi.advanceTimersByTime(600_000);
		expect(await found()).toEqual(floatingIps);
	});
});

test("a server is also found for a user who may only list the servers of all projects", async () => {
	strike(status(404), `/servers/${facts.id}`);
	const found = await look();
	expect(found?.server?.name).toBe("h1-full");
});

test("closing ends calls in progress", async () => {
	strike(() => {}, "/ports");
	const ended = expect(look()).rejects.toMatchObject({
		code: "cloud-unavailable",
		message: expect.stringContaining("closed"),
	});
	await expect.poll(() => asked("/ports")).toBe(1);
	await source.close();
	await ended;
});
