/** @module-tag slow */
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type FakeOpenStack, startFakeOpenStack } from "../../test/fake-openstack.ts";
import { runCli, startCli } from "../../test/run-cli.ts";
import type { CheckResult } from "../source/source-kind.ts";

const SECRET = "a secret of proxies";
let fake: FakeOpenStack;
let folder: string;
beforeEach(async () => {
	fake = await startFakeOpenStack();
	fake.issuedAt = () => Date.now();
	folder = mkdtempSync(join(tmpdir(), "guestwire-doctor-"));
});
afterEach(async () => {
	rmSync(folder, { recursive: true });
	await fake.close();
});

const env = () => ({ ...fake.env, GUESTWIRE_SHARED_SECRET: SECRET });
const anyPort = 'metadata: [{ listen: "127.0.0.1:0", identity: signed }]\noperator: { listen: "127.0.0.1:0" }\n';
const configFile = (text: string) => {
	const file = join(folder, "guestwire.yaml");
	writeFileSync(file, text);
	return file;
};
async function doctor(...args: readonly string[]) {
	const config = args.includes("--config") ? [] : ["--config", configFile(anyPort)];
	const { code, stdout, stderr } = await runCli(["doctor", ...config, ...args], { env: env() });
	const findings: CheckResult[] = JSON.parse(stdout);
	return { code, stdout, stderr, findings, broken: findings.filter(({ ok }) => !ok) };
}
const refuse = (path: string, status: number) => {
	fake.fault = (call) => (call.includes(path) ? (response) => void response.writeHead(status).end("{}") : undefined);
};

test("a healthy cloud", async () => {
	const { code, findings, stderr } = await doctor();
	expect(findings.filter(({ ok }) => !ok)).toEqual([]);
	expect(findings.length).toBeGreaterThan(8);
	expect([code, stderr]).toEqual([0, ""]);
});

test("on a terminal, a line for each part", async () => {
	const args = ["doctor", "--config", configFile(anyPort)];
	const { stdout } = await runCli(args, { env: env(), isTTY: true });
	expect(stdout).toMatch(/^ok {4}credentials: the OS_\* variables: .*\nok {4}clock: /);
	const warned = await runCli(args, { env: fake.env, isTTY: true });
	expect(warned.stdout).toMatch(/^warn {2}metadata\[0\]: .* no shared secret: set/m);
	expect(warned.code).toBe(0);
});

test.each(["0", "601", "soon"])("--listen %s is wrong usage", async (seconds) => {
	expect((await runCli(["doctor", "--listen", seconds], { env: env() })).code).toBe(2);
});

test("the token for vendor data", async () => {
	const cloud = { auth: { auth_url: fake.env["OS_AUTH_URL"], username: "u", password: "p", project_name: "x" } };
	const file = join(folder, "clouds.yaml");
	writeFileSync(file, JSON.stringify({ clouds: { vendor: cloud } }));
	const check = async () => {
		const args = ["doctor", "--config", configFile(`${anyPort}vendorData: { cloud: vendor }\n`)];
		const { stdout } = await runCli(args, { env: { ...env(), OS_CLIENT_CONFIG_FILE: file } });
		return (JSON.parse(stdout) as CheckResult[]).find(({ part }) => part === "the token for vendor data");
	};
	expect(await check()).toMatchObject({ ok: true, found: "Keystone issues a token for cloud vendor" });
	refuse("/identity/", 401);
	expect(await check()).toMatchObject({ ok: false, found: expect.stringContaining("rejected the credentials") });
});

describe("each fault is found, reported with what to do, and sets the exit code", () => {
	test.each([
		["credentials", "/identity/", 401, /rejected the credentials/],
		["all projects' servers", "/servers/detail?all_tenants=1&limit=20", 403, /403.*role.*docs\/openstack.md/],
		["other users' key pairs", "/os-keypairs", 403, /403.*docs\/openstack.md/],
		["all projects' ports", "/ports", 403, /403.*docs\/openstack.md/],
		["all projects' networks", "/networks", 404, /networks does not exist/],
	])("%s", async (part, path, status, message) => {
		refuse(path, status);
		const { code, stderr, broken } = await doctor();
		expect(broken).toEqual([{ part, ok: false, found: expect.stringMatching(message) }]);
		expect(code).toBe(1);
		expect(stderr).toMatch(/^guestwire: 1 of \d+ checks failed: see above\n$/);
	});

	test("without a token, nothing else in the cloud is checked", async () => {
		refuse("/identity/", 401);
		const parts = (await doctor()).findings.map(({ part }) => part);
		expect(parts).toEqual(["credentials", "message bus", "state", "listener signed", "listener operator"]);
	});

	test("a clock that is off", async () => {
		fake.issuedAt = () => Date.now() + 120_000;
		expect((await doctor()).broken).toEqual([
			{ part: "clock", ok: false, found: expect.stringMatching(/is 1[12]\d s behind Keystone's: synchronize/) },
		]);
	});

	test("servers without their user data, ports without their bindings, ports of other projects hidden", async () => {
		for (const server of fake.records.servers) delete server["OS-EXT-SRV-ATTR:user_data"];
		for (const port of fake.records.ports) delete port["binding:vif_type"];
		expect((await doctor()).broken.map(({ part }) => part)).toEqual(["all projects' servers", "all projects' ports"]);
		fake.records.ports.length = 0;
		for (const server of fake.records.servers) server["OS-EXT-SRV-ATTR:user_data"] = null;
		expect((await doctor()).broken).toEqual([
			{ part: "all projects' ports", ok: false, found: expect.stringContaining("hidden") },
		]);
	});

	test("a filter that Nova ignores", async () => {
		const page = JSON.stringify({ servers: fake.records.servers.slice(0, 1) });
		fake.fault = (call) => (call.includes("uuid=") ? (response) => void response.end(page) : undefined);
		expect((await doctor()).broken).toEqual([
			{
				part: "servers by id",
				ok: false,
				found: expect.stringMatching(/servers:allow_all_filters.*docs\/openstack.md/),
			},
		]);
	});

	test.each([
		["all servers' names", () => refuse("/servers?", 403), /403.*docs/],
		["all projects' trunks", () => hideAll("trunks"), /get_trunk\)/],
		["all projects' floating IPs", () => hideAll("floatingips"), /get_floatingip\)/],
		["all projects' security groups", () => hideAll("security_groups"), /get_security_group\)/],
		["all projects' trunks", hideSubport, /subports of trunk .* hidden \(get_port\)/],
		[
			"all projects' networks",
			hideMember("provider:segmentation_id"),
			/hidden: get_network:provider:segmentation_id: give/,
		],
		["all projects' networks", hideMember("provider:network_type"), /get_network:provider:network_type: give/],
		["all projects' networks", hideMember("provider:physical_network"), /get_network:provider:physical_network: give/],
		["changed servers", () => refuse("changes-since", 403), /403.*docs/],
	])("%s", async (part, hide, message) => {
		const [floating] = fake.records.floatingips;
		const [port] = fake.records.ports;
		const itsPort = { ...port, id: "of-floating-ip", device_owner: "network:floatingip", device_id: floating?.id };
		fake.records.ports.push(itsPort);
		expect((await doctor()).broken).toEqual([]);
		hide();
		expect((await doctor()).broken).toEqual([{ part, ok: false, found: expect.stringMatching(message) }]);
	});

	function hideAll(collection: "trunks" | "floatingips" | "security_groups"): void {
		fake.records[collection].length = 0;
	}

	function hideSubport(): void {
		const [, second] = (fake.records.trunks[0]?.["sub_ports"] ?? []) as { port_id: string }[];
		fake.records.ports = fake.records.ports.filter(({ id }) => id !== second?.port_id);
	}

	function hideMember(member: string): () => void {
		return () => {
			for (const network of fake.records.networks) delete network[member];
		};
	}

	test("networks that are hidden", async () => {
		fake.records.subnets.length = 0;
		expect((await doctor()).broken.map(({ part }) => part)).toEqual(["all projects' networks"]);
	});
});

test("what only administrators see is reported, but is not a fault", async () => {
	refuse("/os-volume_attachments", 404);
	const { code, findings } = await doctor();
	expect(code).toBe(0);
	expect(findings.find(({ part }) => part === "what administrators see")?.found).toMatch(/hidden.*: volumes' tags/);
});

test.each([403, 404])("hidden shares (%i) are reported, in a cloud with Manila", async (code) => {
	refuse("/shares", code);
	const found = async () => (await doctor()).findings.find(({ part }) => part === "what administrators see")?.found;
	expect(await found()).toBe("can be read");
	fake.microversion = "2.97";
	fake.services.push("sharev2");
	expect(await found()).toMatch(/hidden.*: shares \(os-server-shares:index\)/);
});

test("a Neutron without provider networks is healthy", async () => {
	for (const network of fake.records.networks) {
		for (const member of Object.keys(network)) if (member.startsWith("provider:")) delete network[member];
	}
	refuse("/extensions/provider", 404);
	expect((await doctor()).broken).toEqual([]);
});

test("a visible port proves nothing without an instance that has an address", async () => {
	for (const server of fake.records.servers) server["addresses"] = {};
	const { findings } = await doctor();
	expect(findings.find(({ part }) => part === "all projects' ports")?.found).toBe(
		"not checked: no suitable resource exists yet",
	);
});

test("an empty cloud is healthy", async () => {
	for (const records of Object.values(fake.records)) if (Array.isArray(records)) records.length = 0;
	const { code, findings } = await doctor();
	expect(code).toBe(0);
	expect(
		findings.filter(({ found }) => found === "not checked: no suitable resource exists yet").length,
	).toBeGreaterThan(2);
});

describe("the message bus", () => {
	const busOf = async (url: string) => {
		const { stdout } = await runCli(["doctor", "--config", configFile(anyPort)], {
			env: { ...env(), GUESTWIRE_TRANSPORT_URL: url },
		});
		expect(stdout).not.toContain("rain-coat");
		return (JSON.parse(stdout) as CheckResult[]).filter(({ part }) => part === "message bus");
	};

	test("not configured: says what is missing for 1 s", async () => {
		const [found] = (await doctor()).findings.filter(({ part }) => part === "message bus");
		expect(found).toMatchObject({ ok: true, found: expect.stringMatching(/mirror.changes.busFile.*within 1 s/) });
	});

	test("a file that can't be read is one failure among the checks", async () => {
		const { findings, code } = await doctor(
			"--config",
			configFile(`${anyPort}mirror: { changes: { busFile: none } }\n`),
		);
		const broken = findings.filter(({ ok }) => !ok).map(({ part }) => part);
		expect([broken, code]).toEqual([["message bus", "mirror.changes.busFile"], 1]);
	});

	test("hosts that do not answer, each by its name", async () => {
		const [found] = await busOf("rabbit://u:rain-coat@127.0.0.1:1,u:rain-coat@127.0.0.1:2/");
		expect(found).toMatchObject({
			ok: false,
			found: expect.stringMatching(/^127.0.0.1:1: .*REFUSED.*; 127.0.0.1:2: /),
		});
	});
});

describe("the state", () => {
	const stateOf = async (place: string) => {
		const { findings } = await doctor("--config", configFile(`${anyPort}state: { sqlite: ${place} }\n`));
		return findings.find(({ part }) => part === "state");
	};

	test("is writable", async () => {
		expect(await stateOf("state.db")).toMatchObject({
			ok: true,
			found: expect.stringMatching(/state.db: writable/),
		});
	});

	test("is not a database", async () => {
		writeFileSync(join(folder, "state.db"), "no database, but long enough to be read as one".repeat(100));
		expect(await stateOf("state.db")).toMatchObject({ ok: false, found: expect.stringMatching(/state.db: /) });
	});

	test("would last for the process only", async () => {
		writeFileSync(join(folder, "file"), "");
		const options = { env: { ...env(), STATE_DIRECTORY: join(folder, "file", "state") } };
		const { stdout } = await runCli(["doctor", "--config", configFile(anyPort)], options);
		const found = (JSON.parse(stdout) as CheckResult[]).find(({ part }) => part === "state");
		expect(found).toMatchObject({ ok: false, found: expect.stringMatching(/only for this process: set "state"$/) });
	});
});

describe("the agent's shared secret", () => {
	const withAgent = (text: string) => {
		const file = join(folder, "agent.ini");
		writeFileSync(file, text);
		return doctor("--agent-config", file);
	};

	test.each([
		["plain", `[DEFAULT]\nmetadata_proxy_shared_secret = ${SECRET}\n[ovn]\n`],
		["quoted", `[DEFAULT]\nmetadata_proxy_shared_secret="${SECRET}"`],
		[
			"the last one counts",
			`[DEFAULT]\nmetadata_proxy_shared_secret = old\n# metadata_proxy_shared_secret = x\nmetadata_proxy_shared_secret = ${SECRET}`,
		],
		[
			"in between",
			`[ovs]\na = b\n\n[DEFAULT]\nnova_metadata_port = 8775\nmetadata_proxy_shared_secret: ${SECRET}\n\n[agent]\nmetadata_proxy_shared_secret = other`,
		],
	])("the same: %s", async (_, text) => {
		const { code, findings } = await withAgent(text);
		expect(findings.at(-1)).toMatchObject({ ok: true, found: expect.stringContaining("http://127.0.0.1:8775") });
		expect(code).toBe(0);
	});

	/** oslo.config turns the names of sections into small letters. */
	test.each(["METADATA", "metadata"])("that of the Open vSwitch agent's metadata path in [%s]", async (section) => {
		const options = `metadata_proxy_shared_secret = ${SECRET}\nnova_metadata_host = 192.0.2.9\n`;
		const { findings } = await withAgent(`[DEFAULT]\nnova_metadata_host = other\n[agent]\n[${section}]\n${options}`);
		expect(findings.at(-1)).toMatchObject({ ok: true, found: expect.stringContaining("http://192.0.2.9:8775") });
	});

	test.each([
		["another", "[DEFAULT]\nmetadata_proxy_shared_secret = other", /matches no signed listener/],
		["none", "[DEFAULT]\n[ovs]\nmetadata_proxy_shared_secret = x", /no metadata_proxy_shared_secret/],
	])("not the same: %s", async (_, text, message) => {
		const { code, broken, stdout } = await withAgent(text);
		expect(broken).toEqual([{ part: "the agent's shared secret", ok: false, found: expect.stringMatching(message) }]);
		expect(code).toBe(1);
		expect(stdout).not.toContain(SECRET);
	});

	test("a missing file", async () => {
		expect((await doctor("--agent-config", join(folder, "none"))).broken).toHaveLength(1);
	});
});

test("an inventory is checked by reading it", async () => {
	const inventory = join(folder, "inventory");
	mkdirSync(inventory);
	writeFileSync(join(inventory, "a.yaml"), "servers: [{ id: web-1 }]");
	const { findings } = await doctor("--inventory", inventory);
	expect(findings[0]).toEqual({ part: "inventory", ok: true, found: "1 instances" });
});

describe("the listeners' addresses", () => {
	const listen = async (answer: RequestListener) => {
		const server = createServer(answer).listen(0, "127.0.0.1");
		onTestFinished(() => void server.close());
		await once(server, "listening");
		return (server.address() as AddressInfo).port;
	};
	const listening = (operator: string, metadata = "127.0.0.1:0") =>
		doctor(
			"--config",
			configFile(`{ metadata: [{ listen: "${metadata}", identity: signed }], operator: { listen: "${operator}" } }`),
		);

	test.each<[string, RequestListener]>([
		["another service", (_, response) => void response.writeHead(401).end("ok\n")],
		["a service that answers without a body", (_, response) => void response.end()],
		["a service that never answers", () => {}],
	])("the operator's is taken by %s", async (_, answer) => {
		const port = await listen(answer);
		const found = `can't listen on 127.0.0.1:${port}: another process listens there: stop it, or choose another address`;
		const { broken, code } = await listening(`127.0.0.1:${port}`);
		expect(broken).toEqual([{ part: "listener operator", ok: false, found }]);
		expect(code).toBe(1);
	});

	test("the guests' address is in use although Guestwire does not run", async () => {
		const port = await listen((_, response) => void response.end("1.0\n"));
		const { broken } = await listening("127.0.0.1:0", `127.0.0.1:${port}`);
		expect(broken.map(({ part }) => part)).toEqual(["listener signed"]);
	});

	test("they are free", async () => {
		const socket = `unix:${join(folder, "operator.sock")}`;
		const { broken, findings } = await listening(socket);
		expect(broken).toEqual([]);
		expect(findings.at(-1)).toEqual({ part: "listener operator", ok: true, found: `${socket} is free` });
		expect(existsSync(join(folder, "operator.sock"))).toBe(false);
	});

	test("a running Guestwire has them", async () => {
		const [metadata, operator] = [`unix:${join(folder, "guests.sock")}`, `unix:${join(folder, "operator.sock")}`];
		const config = configFile(
			`{ metadata: [{ listen: "${metadata}", identity: signed }], operator: { listen: "${operator}" } }`,
		);
		const serving = startCli(["serve", "--config", config], { env: env() });
		await serving.says(/for operators/);
		const { broken, findings } = await listening(operator, metadata);
		await serving.stop();
		expect(broken).toEqual([]);
		expect(findings.at(-1)?.found).toBe(`${operator}: Guestwire is running`);
	});
});
