import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeOpenStack } from "../../../test/fake-openstack.ts";
import { instancesOf, send } from "../../../test/metadata-service.ts";
import { startTestOperator } from "../../../test/operator-server.ts";
import { type ErrorCode, GuestwireError } from "../../errors.ts";
import { openFilesSource } from "../../source/files/files-source.ts";
import { openWatchedSource } from "../../source/files/watched-source.ts";
import { openOpenStackSource } from "../../source/openstack/index.ts";
import type { Source } from "../../source/source.ts";

const ID = "e0000000-0000-4000-8000-000000000001";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-problems-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the operator server answers, and logs, when an instance can't be loaded. */
async function answerTo(load: () => Promise<never>) {
	const server = await startTestOperator({ instances: { ...instancesOf([]), get: load } });
	const { status, body } = await send(server.address, {
		path: `/api/instances/${ID}`,
		headers: [["Host", "localhost"]],
	});
	await server.close();
	return { status, message: JSON.parse(body.toString()).message, log: server.lines.join("") };
}

/** Whether an operator gets the message: it then speaks of an instance, of a document, or of an API and its URL. */
const IS_SHOWN: Readonly<Record<ErrorCode, boolean>> = {
	...{
		usage: false,
		config: false,
		inventory: false,
		listen: false,
		compare: false,
		doctor: false,
		password: false,
		output: false,
		state: false,
	},
	...{ "unknown-instance": true, "unknown-path": true, "cloud-unavailable": true, "cloud-answer": true },
	...{ "vendor-data": true, limit: true, document: true, drive: true },
};

describe("an error of code", () => {
	it.each(Object.entries(IS_SHOWN) as [ErrorCode, boolean][])("%s, shown: %s", async (code, isShown) => {
		const text = isShown ? "as it is" : "/etc/guestwire/clouds.yaml: clouds.x: broken";
		const { message, log } = await answerTo(() => Promise.reject(new GuestwireError(code, text)));
		if (isShown) expect(message).toBe(text);
		else {
			expect(message).not.toContain("/");
			expect(log).toContain(text);
		}
	});
});

describe("no path of this machine is in what an operator gets", () => {
	async function expectHidden(source: Pick<Source, "instance">): Promise<void> {
		const { status, message, log } = await answerTo(() => source.instance(ID, "all") as Promise<never>);
		expect(status).toBe(503);
		expect(message).not.toContain("/");
		expect(log).toContain(folder);
	}

	it("when a record of the inventory can't be read", async () => {
		const network_data = { links: [{ id: "eth0", type: "phy", ethernet_mac_address: "not a MAC address" }] };
		const node = { uuid: "a0000000-0000-4000-8000-000000000001", instance_uuid: ID, network_data };
		writeFileSync(join(folder, "nodes.json"), JSON.stringify({ nodes: [node] }));
		const source = await openFilesSource(folder);
		await expectHidden(source);
	});

	it("when the thread that holds the inventory has ended", async () => {
		writeFileSync(join(folder, "vm.json"), JSON.stringify({ servers: [{ id: ID }] }));
		const source = await openWatchedSource(folder, { onReload: () => {} });
		await source.close();
		await expectHidden(source);
	});

	it("when Keystone's catalogue has no endpoint where clouds.yaml wants it", async () => {
		const fake = await startFakeOpenStack();
		const { OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME } = fake.env;
		const auth = {
			...{ auth_url: OS_AUTH_URL, username: OS_USERNAME, password: OS_PASSWORD, project_name: OS_PROJECT_NAME },
			...{ user_domain_id: "default", project_domain_id: "default" },
		};
		const file = join(folder, "clouds.yaml");
		writeFileSync(file, JSON.stringify({ clouds: { x: { auth, region_name: "elsewhere" } } }));
		const source = await openOpenStackSource({ cloud: "x", env: { OS_CLIENT_CONFIG_FILE: file } });
		await expectHidden(source);
		await source.close();
		await fake.close();
	});
});
