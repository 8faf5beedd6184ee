import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
	endpoint,
	guest,
	instancesOf,
	parseAnswer,
	type RawAnswer,
	recordedInstance,
	SECRET,
	send,
	signature,
	signedHeaders,
	startTestService,
	type TestService,
} from "../../../../test/metadata-service.ts";
import type { IdentitySettings } from "./index.ts";

const PATH = "/openstack/latest/network_data.json";
const NOT_FOUND = "404 Not Found\n\nThe resource could not be found.\n\n   ";

let service: TestService;
afterEach(() => service?.close());

const started = async (identity: IdentitySettings, instances = instancesOf([]), listen = "127.0.0.1:0") => {
	service = await startTestService([{ listen, identity }], { instances });
	return service;
};
const ask = (headers: readonly (readonly [string, string])[], path = PATH) => service.ask({ path, headers });
const macIn = (answer: RawAnswer) => JSON.parse(answer.body.toString()).links[0].ethernet_mac_address;
const logged = () => service.lines.map((line) => JSON.parse(line));

describe("signed", () => {
	const victim = recordedInstance("a-dhcp4");
	const other = recordedInstance("l-overlap-other-tenant");
	const headers = signedHeaders(victim);
	const without = (name: string) => headers.filter(([header]) => header !== name);
	const start = () => started({ mode: "signed", secret: SECRET }, instancesOf([victim, other]));

	it.each(headers.slice(0, 3))(
		"refuses a second %s header, first or last, the same or another",
		async (name, value) => {
			await start();
			for (const second of [value, "", "x", signature(other.id)]) {
				for (const repeated of [
					[...headers, [name.toLowerCase(), second] as const],
					[[name, second] as const, ...headers],
				]) {
					const answer = await ask(repeated);
					expect(answer.status).toBe(400);
					expect(answer.body.toString()).toContain(`Multiple ${name} headers found within request.`);
				}
			}
			expect(logged().every(({ reason }) => reason === "repeated-header")).toBe(true);
		},
	);

	it("refuses values joined by a comma, which is what node makes of a repeated header", async () => {
		await start();
		const joined = headers.map(([name, value]) => [name, `${value}, ${value}`] as const);
		expect((await ask(joined)).status).toBe(403);
	});

	it("refuses another instance's signature, another secret's, and another tenant's id, and reveals nothing", async () => {
		await start();
		const signedBy = (text: string) => [
			...without("X-Instance-ID-Signature"),
			["X-Instance-ID-Signature", text] as const,
		];
		expect((await ask(signedBy(signature(other.id)))).status).toBe(403);
		expect((await ask(signedBy(signature(victim.id, Buffer.from("guess"))))).status).toBe(403);
		expect((await ask(signedBy(signature(victim.id).toUpperCase()))).status).toBe(403);
		for (const tenant of [other.projectId ?? "", victim.projectId?.toUpperCase() ?? "", ""]) {
			const answer = await ask([...without("X-Tenant-ID"), ["X-Tenant-ID", tenant]]);
			expect([answer.status, answer.body.toString()]).toEqual([404, NOT_FOUND]);
		}
		expect(logged().at(-1)).toMatchObject({
			reason: "wrong-project",
			level: 40,
			detail: expect.stringContaining(victim.id),
		});
	});

	it("refuses an upper-case id, even if correctly signed", async () => {
		await start();
		const id = victim.id.toUpperCase();
		const answer = await ask([
			...headers.slice(1, 2),
			["X-Instance-ID", id],
			["X-Instance-ID-Signature", signature(id)],
		]);
		expect([answer.status, answer.body.toString()]).toEqual([404, NOT_FOUND]);
	});

	it("returns the signed instance, whatever and however often X-Forwarded-For says", async () => {
		await start();
		const plain = await ask(without("X-Forwarded-For"));
		expect(macIn(plain)).toBe(victim.ports[0]?.macAddress);
		for (const forged of [other.ports[0]?.fixedIps[0]?.address ?? "", "::1", "a, b", "x".repeat(2000)]) {
			const answer = await ask([...headers, ["X-Forwarded-For", forged], ["X-Forwarded-For", forged]]);
			expect(answer).toEqual(plain);
		}
	});

	it("asks for the whole instance when its ports do not agree on a project", async () => {
		const { projectId, ...wiring } = victim;
		const instances = {
			...instancesOf([]),
			get: (_id: string, detail: string) => (detail === "all" ? victim : wiring),
		};
		await started({ mode: "signed", secret: SECRET }, instances);
		expect((await ask(headers)).status).toBe(200);
		expect((await ask([...without("X-Tenant-ID"), ["X-Tenant-ID", other.projectId ?? ""]])).status).toBe(404);
	});
});

/** Two tenants' guests with the same address, as overlapping networks give them. */
const mine = guest({ id: "mine", address: "10.9.0.5", networkId: "net-mine", macAddress: "fa:16:3e:00:00:01" });
const theirs = guest({ id: "theirs", address: "10.9.0.5", networkId: "net-theirs", macAddress: "fa:16:3e:00:00:02" });

describe("network", () => {
	const socket = `unix:${join(tmpdir(), `guestwire-network-${process.pid}.sock`)}`;
	const instances = instancesOf([mine, theirs], { "router-theirs": ["net-other", "net-theirs"] });
	const identity = { mode: "network", allow: [] } as const;
	const start = () => started(identity, instances, socket);
	const from = (address: string) => ["X-Forwarded-For", address] as const;

	it("distinguishes overlapping addresses by their network or router", async () => {
		await start();
		expect(macIn(await ask([["X-Neutron-Network-ID", "net-mine"], from("10.9.0.5")]))).toBe("fa:16:3e:00:00:01");
		expect(macIn(await ask([["X-OVN-Network-ID", "net-theirs"], from("10.9.0.5")]))).toBe("fa:16:3e:00:00:02");
		expect(macIn(await ask([["X-Neutron-Router-ID", "router-theirs"], from("10.9.0.5")]))).toBe("fa:16:3e:00:00:02");
	});

	it("finds an IPv4-mapped source by its IPv4 address and a link-local one by the MAC address in it", async () => {
		await start();
		const network = ["X-OVN-Network-ID", "net-theirs"] as const;
		expect(macIn(await ask([network, from("::ffff:10.9.0.5")]))).toBe("fa:16:3e:00:00:02");
		expect(macIn(await ask([network, from("fe80::f816:3eff:fe00:2")]))).toBe("fa:16:3e:00:00:02");
		for (const source of ["fe80::f816:3eff:fe00:1", "10.9.0.6", "x", ""]) {
			expect((await ask([network, from(source)])).status).toBe(404);
		}
	});

	it("asks a guest with a link-local address that contains no MAC address to try again", async () => {
		await start();
		const answer = await ask([["X-OVN-Network-ID", "net-theirs"], from("fe80::2")]);
		expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"]);
		expect(logged().at(-1)).toMatchObject({ reason: "unidentified-peer", level: 40 });
	});

	it("finds nothing for a network or router that the guest is not on", async () => {
		await start();
		for (const header of ["X-Neutron-Network-ID", "X-OVN-Network-ID", "X-Neutron-Router-ID"]) {
			for (const id of ["net-none", "router-none", "", "x".repeat(300)]) {
				const answer = await ask([[header, id], from("10.9.0.5")]);
				expect([answer.status, answer.body.toString()]).toEqual([404, NOT_FOUND]);
			}
		}
	});

	it("refuses what a guest could have added: a second network, a repeated header, a list of addresses", async () => {
		await start();
		const network = ["X-Neutron-Network-ID", "net-mine"] as const;
		for (const forged of [
			["X-Neutron-Router-ID", "router-theirs"],
			["X-OVN-Network-ID", "net-theirs"],
			["X-Neutron-Network-ID", "net-theirs"],
			["X-Neutron-Network-ID", "net-mine"],
			["X-Forwarded-For", "10.9.0.6"],
			["X-Neutron-Router-ID", ""],
		] as const) {
			expect((await ask([forged, network, from("10.9.0.5")])).status).toBe(400);
		}
		expect((await ask([network, from("10.9.0.6, 10.9.0.5")])).status).toBe(404);
	});

	it("says which header is missing", async () => {
		await start();
		expect((await ask([from("10.9.0.5")])).body.toString()).toContain("X-OVN-Network-ID");
		const answer = await ask([["X-OVN-Network-ID", "net-mine"]]);
		expect([answer.status, answer.body.toString()]).toEqual([400, expect.stringContaining("X-Forwarded-For")]);
	});

	it("does not take the cache's word for an owner without such a port", async () => {
		const place = { id: "mine", networkId: "net-theirs" };
		await started(identity, { ...instances, owners: async () => [place] }, socket);
		expect((await ask([["X-OVN-Network-ID", "net-theirs"], from("10.9.0.5")])).status).toBe(404);
		expect((await ask([["X-Neutron-Router-ID", "router-theirs"], from("10.9.0.5")])).status).toBe(404);
		const refusal = { reason: "wrong-source", detail: expect.stringContaining("mine") };
		expect(logged()).toMatchObject([refusal, refusal]);
	});

	it.each(["127.0.0.1", "127.0.0.0/8"])("believes a peer in %s on a TCP listener, and no other", async (allow) => {
		await started({ mode: "network", allow: ["2001:db8::/64", allow] }, instances, "[::]:0");
		const headers = [["X-Neutron-Network-ID", "net-mine"], from("10.9.0.5")] as const;
		const { port } = new URL(service.addresses[0] ?? "");
		expect((await send(`http://127.0.0.1:${port}`, { path: PATH, headers })).status).toBe(200);
		const stranger = await send(`http://[::1]:${port}`, { path: PATH, headers });
		expect([stranger.status, logged().at(-1).reason]).toEqual([403, "peer-not-allowed"]);
	});

	it("does not start on TCP without knowing its proxies", async () => {
		await expect(started(identity, instances)).rejects.toMatchObject({ code: "config" });
		await expect(started({ mode: "network", allow: ["10.0.0.0/33"] }, instances)).rejects.toThrow("10.0.0.0/33");
	});
});

describe("provider", () => {
	const networks: Record<string, string[]> = { edge: ["net-other", "net-theirs"], both: ["net-mine", "net-theirs"] };
	const networksOf = (provider: string) => networks[provider] ?? [];
	const identity = { mode: "provider", secret: SECRET, networksOf } as const;
	const instances = instancesOf([mine, theirs]);
	const of = (provider: string, address = "10.9.0.5", signed = signature(provider)) => [
		["X-Metadata-Provider", provider] as const,
		["X-Metadata-Provider-Signature", signed] as const,
		["X-Forwarded-For", address] as const,
	];

	it("finds the guest on the provider's networks", async () => {
		await started(identity, instances);
		expect(macIn(await ask(of("edge")))).toBe("fa:16:3e:00:00:02");
	});

	it("refuses an address that no instance, or more than one, has on the provider's networks", async () => {
		await started(identity, instances);
		expect((await ask(of("edge", "10.9.0.6"))).status).toBe(404);
		expect((await ask(of("none"))).status).toBe(404);
		expect((await ask(of("both"))).status).toBe(404);
		expect(logged().at(-1)).toMatchObject({ reason: "several-owners", level: 40 });
	});

	it("refuses whatever is not signed by the provider, and what a guest could have added", async () => {
		await started(identity, instances);
		expect((await ask(of("edge", "10.9.0.5", signature("both")))).status).toBe(403);
		expect((await ask(of("edge", "10.9.0.5", ""))).status).toBe(403);
		expect((await ask(of("edge").slice(0, 1))).status).toBe(403);
		expect((await ask(of("edge").slice(1))).status).toBe(400);
		expect((await ask(of("edge").slice(0, 2))).status).toBe(400);
		for (const forged of of("edge")) expect((await ask([forged, ...of("edge")])).status).toBe(400);
		expect((await ask(of("edge", "10.9.0.5, 10.9.0.1"))).status).toBe(404);
	});

	it.each(["signed", "provider"] as const)("like signed, does not start without a secret: %s", async (mode) => {
		const settings = { mode, secret: Buffer.alloc(0), networksOf };
		await expect(started(settings, instances)).rejects.toMatchObject({ code: "config" });
	});
});

describe("address", () => {
	/** A request from an address of the loopback network, which all are this machine's. */
	const askFrom = async (localAddress: string, where = service.addresses[0] ?? "") => {
		const { promise, resolve } = Promise.withResolvers<void>();
		const chunks: Buffer[] = [];
		const socket = connect({ ...endpoint(where), localAddress } as never);
		socket.on("data", (chunk) => chunks.push(chunk)).on("close", () => resolve());
		socket.write(
			`GET ${PATH} HTTP/1.1\r\nX-Forwarded-For: 127.0.0.5\r\nX-Instance-ID: five\r\nConnection: close\r\n\r\n`,
		);
		await promise;
		return parseAnswer(Buffer.concat(chunks));
	};
	const five = guest({ id: "five", address: "127.0.0.5", macAddress: "fa:16:3e:00:00:05" });
	const six = guest({ id: "six", address: "127.0.0.6", macAddress: "fa:16:3e:00:00:06" });
	const twin = guest({ id: "twin", address: "127.0.0.6", networkId: "net-2" });

	it("identifies each peer by its own address, and ignores forwarded addresses", async () => {
		await started({ mode: "address" }, instancesOf([five, six]));
		expect(macIn(await askFrom("127.0.0.5"))).toBe("fa:16:3e:00:00:05");
		expect(macIn(await askFrom("127.0.0.6"))).toBe("fa:16:3e:00:00:06");
		expect((await askFrom("127.0.0.7")).status).toBe(404);
	});

	it("knows an IPv4 peer of a listener for both families", async () => {
		await started({ mode: "address" }, instancesOf([five]), "[::]:0");
		const { port } = new URL(service.addresses[0] ?? "");
		expect(macIn(await askFrom("127.0.0.5", `http://127.0.0.1:${port}`))).toBe("fa:16:3e:00:00:05");
	});

	it("refuses a peer that matches two instances and logs both", async () => {
		await started({ mode: "address" }, instancesOf([five, six, twin]));
		const answer = await askFrom("127.0.0.6");
		expect([answer.status, answer.body.toString()]).toEqual([404, NOT_FOUND]);
		expect(logged()).toMatchObject([
			{ level: 40, reason: "several-owners", detail: expect.stringContaining("six, twin") },
		]);
	});

	it("makes no sense on a unix socket", async () => {
		const listening = started({ mode: "address" }, instancesOf([]), "unix:/tmp/never-made.sock");
		await expect(listening).rejects.toMatchObject({ code: "config" });
	});
});

describe("fixed", () => {
	it("answers every request for the configured instance", async () => {
		await started({ mode: "fixed", instance: "mine" }, instancesOf([mine, theirs]));
		expect(macIn(await ask([["X-Instance-ID", "theirs"]]))).toBe("fa:16:3e:00:00:01");
	});

	it.each(["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[fe80::1%eth0]:0"])("is refused on %s", async (listen) => {
		const listening = started({ mode: "fixed", instance: "mine" }, instancesOf([mine]), listen);
		await expect(listening).rejects.toMatchObject({ code: "config", message: expect.stringContaining(listen) });
	});

	it.each(["[::1]:0", "localhost:0", "127.1.2.3:0"])("is allowed on %s", async (listen) => {
		await started({ mode: "fixed", instance: "mine" }, instancesOf([mine]), listen);
		expect((await ask([])).status).toBe(200);
	});
});
