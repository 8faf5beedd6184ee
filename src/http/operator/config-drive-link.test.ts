/** @module-tag slow */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { instancesOf, type RawRequest, recordedInstance, send } from "../../../test/metadata-service.ts";
import { startTestOperator, type TestOperatorOptions, type TestOperatorServer } from "../../../test/operator-server.ts";
import { decodeConfigDrive, readConfigDrive } from "../../config-drive/index.ts";
import { GuestwireError } from "../../errors.ts";
import { createDriveLinks, linkExpiry } from "../../service/drive-links.ts";
import { openDatabase, type StateDatabase } from "../../store/database.ts";
import { sharedKey } from "../../store/secrets.ts";

const TOKEN = "a-long-random-token";
const BEARER = ["Authorization", `Bearer ${TOKEN}`] as const;
const LOCAL = ["Host", "127.0.0.1:8790"] as const;
const instance = recordedInstance("f-trunk");
const other = recordedInstance("h1-full");
const DRIVE = `/api/instances/${instance.id}/config-drive`;

let state: StateDatabase;
beforeAll(async () => {
	state = await openDatabase("memory");
});
afterAll(() => state.close());
let server: TestOperatorServer;
afterEach(() => server?.close());

async function start(options: TestOperatorOptions = {}) {
	server = await startTestOperator({ state, token: TOKEN, readToken: "another-token", ...options });
}
const ask = (path: string, headers: RawRequest["headers"] = [LOCAL], method = "GET") =>
	send(server.address, { path, headers, method });
const make = async (query = "", headers: RawRequest["headers"] = [LOCAL, BEARER]) =>
	ask(`${DRIVE}-link${query}`, headers, "POST");
const linkOf = async () => new URL(JSON.parse((await make()).body.toString()).url).search;

describe("a link to a config drive", () => {
	it("gives the same drive as the token, without a token and under any host name", async () => {
		await start();
		const { url, expires } = JSON.parse((await make()).body.toString());
		expect(Math.abs(Date.parse(expires) - Date.now() - 3_600_000)).toBeLessThan(60_000);
		expect(url).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:8790${DRIVE}\\?link=\\d+-[\\w-]{43}$`));
		expect(url).not.toContain(TOKEN);
		const { pathname, search } = new URL(url);
		const linked = await ask(pathname + search, [["Host", "guestwire.example"]]);
		const withToken = await ask(DRIVE, [LOCAL, BEARER]);
		expect([linked.status, Buffer.compare(linked.body, withToken.body)]).toEqual([200, 0]);
		expect(linked.headers["cache-control"]).toBe("no-store");
		const drive = readConfigDrive(decodeConfigDrive(linked.body));
		expect(Buffer.from(drive.read("openstack/latest/meta_data.json") ?? "").toString()).toContain(instance.id);
		expect((await ask(`${DRIVE}${search}`, [LOCAL], "HEAD")).status).toBe(200);
	});

	it("gives a drive of new facts, and of known ones while the cloud is away", async () => {
		let isAway = false;
		const renamed = { ...instance, server: { ...instance.server, name: "renamed-a-moment-ago" } } as typeof instance;
		const revalidate = async () => {
			if (isAway) throw new GuestwireError("cloud-unavailable", "the cloud is away");
			return renamed;
		};
		await start({ instances: { ...instancesOf([instance]), revalidate } });
		const search = await linkOf();
		const metaData = async () => {
			const drive = readConfigDrive(decodeConfigDrive((await ask(`${DRIVE}${search}`)).body));
			return JSON.parse(Buffer.from(drive.read("openstack/latest/meta_data.json") ?? "").toString());
		};
		expect((await metaData()).name).toBe("renamed-a-moment-ago");
		isAway = true;
		expect((await metaData()).name).toBe(instance.server?.name);
	});

	it("uses the configured URL, and is valid for as long as requested", async () => {
		await start({ url: "https://guestwire.example/operator/" });
		const { url, expires } = JSON.parse((await make("?minutes=5")).body.toString());
		expect(url).toMatch(/^https:\/\/guestwire\.example\/operator\/api\/instances\//);
		expect(Math.abs(Date.parse(expires) - Date.now() - 300_000)).toBeLessThan(60_000);
		for (const query of ["?minutes=0", "?minutes=1441", "?minutes=x"]) expect((await make(query)).status).toBe(400);
	});

	it("is valid for one instance's drive only", async () => {
		await start();
		const search = await linkOf();
		const refusedFor = async (path: string) => {
			const { status, body } = await ask(path);
			return [status, JSON.parse(body.toString()).message];
		};
		const wrong = [403, expect.stringMatching(/^the link is not valid for this instance: create one with/)];
		expect(await refusedFor(`/api/instances/${other.id}/config-drive${search}`)).toEqual(wrong);
		for (const path of ["", "/tree/openstack/latest/user_data", "/password", "/guest"]) {
			expect((await ask(`/api/instances/${instance.id}${path}${search}`)).status, path).toBe(401);
		}
		expect((await make(search, [LOCAL])).status).toBe(401);
		expect((await ask(`/api/instances${search}`)).status).toBe(401);
		const wrongLinks = [
			`${search}x`,
			search.slice(0, -2),
			"?link=",
			"?link",
			`${search}&${search.slice(1)}`,
			`?link=${TOKEN}`,
		];
		for (const link of wrongLinks) {
			expect(await refusedFor(`${DRIVE}${link}`), link).toEqual(wrong);
		}
	});

	it("expires", async () => {
		await start();
		const links = createDriveLinks(await sharedKey(state, "drive_links"));
		const late = links.sign(instance.id, linkExpiry(0) - 1);
		const { status, body } = await ask(`${DRIVE}?link=${late}`);
		expect([status, JSON.parse(body.toString()).message]).toEqual([
			403,
			expect.stringMatching(/^the link has expired/),
		]);
	});

	it("is made only with the token that allows user data, and for a known instance", async () => {
		await start();
		expect((await make("", [LOCAL])).status).toBe(401);
		expect((await make("", [LOCAL, ["Authorization", "Bearer another-token"]])).status).toBe(403);
		expect((await ask("/api/instances/none/config-drive-link", [LOCAL, BEARER], "POST")).status).toBe(404);
	});

	it("is logged when it is made and when it is used, but never itself", async () => {
		await start();
		const search = await linkOf();
		await ask(`${DRIVE}${search}`);
		await ask(`${DRIVE}${search}x`);
		const log = server.lines.join("");
		expect(log).toContain('"detail":"a link to the config drive"');
		expect(log).toContain('"detail":"the config drive, by a link"');
		expect(log).not.toContain(search.slice("?link=".length));
	});
});
