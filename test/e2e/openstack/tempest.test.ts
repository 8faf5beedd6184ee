/**
 * What Tempest's test_server_basic_ops asks of the metadata service and of the config drive, step by step: the smoke test of
 * every OpenStack. Its guest talks through Neutron's agent.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Api, eventually, type Json, login } from "./api.ts";
import { askFrom } from "./asking.ts";
import { type Guestwire, startGuestwire } from "./guestwire.ts";
import { built, ensureBootSource, type Guest, plug, startGuest } from "./instances.ts";
import { runInside, STATE } from "./laboratory.ts";
import { makeNetwork, type Wiring } from "./networks.ts";
import { NETWORKS, PROJECT } from "./plan.ts";

const NAME = "tempest";
const plan = {
	name: NAME,
	nics: [{ network: "hamlet", addresses: [["hamlet-v4", "10.78.0.177"]] as const, floatingIp: true }],
	more: { key_name: "grafting-knife", metadata: { meta1: "data1", meta2: "data2", metaN: "dataN" } },
	metadataBy: 0,
};

let api: Api;
let guest: Guest;
let guestwire: Guestwire;
beforeAll(async () => {
	api = await login(PROJECT);
	await remove();
	const wiring: Wiring = new Map();
	for (const network of NETWORKS.filter(({ name, project }) => name === "hamlet" && project === undefined))
		await makeNetwork(api, network, wiring);
	guest = await startGuest(api, plan, wiring, await ensureBootSource());
	await built(api, guest.id);
	await plug(await login(), [guest]);
	guestwire = await startGuestwire({ profile: "nova" });
	await runInside(["metadata-agent", String(guestwire.port)]);
	await eventually("the guest is served", 300, async () => {
		const answer = await get("/latest/meta-data/").catch(() => undefined);
		return answer?.status === 200 ? true : undefined;
	});
});
afterAll(async () => {
	await guestwire.stop();
	await remove();
});

/** Takes away what this run made, or one that was broken off. */
async function remove(): Promise<void> {
	const servers = async (): Promise<Json[]> => (await api.get("compute", `/servers?name=^${NAME}$`)).servers;
	for (const { id } of await servers()) await api.delete("compute", `/servers/${id}`);
	await eventually("the server is gone", 60, async () => ((await servers()).length === 0 ? true : undefined));
	await runInside(["ip", "netns", "del", `gw-${NAME}`]).catch(() => {}); // there is none at the first run
	const { ports } = await api.get("network", `/ports?name=${NAME}-0&project_id=${api.projectId}`);
	for (const { id } of ports) {
		const { floatingips } = await api.get("network", `/floatingips?port_id=${id}`);
		for (const { id: address } of floatingips) await api.delete("network", `/floatingips/${address}`);
		await api.delete("network", `/ports/${id}`);
	}
}

const namespace = `gw-${NAME}`;
const get = (path: string) => askFrom(namespace, path);

it("verify_metadata: the floating IP", async () => {
	const { floatingips } = await api.get("network", `/floatingips?port_id=${guest.ports[0].id}`);
	const { body } = await get("/latest/meta-data/public-ipv4");
	expect(body).toBe(floatingips[0].floating_ip_address);
});

it("verify_metadata_on_config_drive and verify_network_data_on_config_drive", async () => {
	const drive = join(STATE, "run", `${NAME}.iso`);
	expect((await guestwire.run(["config-drive", guest.id, "-o", drive, "--force"])).code).toBe(0);
	const read = async (path: string) => JSON.parse(await runInside(["isoinfo", "-R", "-x", path, "-i", drive]));
	expect((await read("/openstack/latest/meta_data.json")).meta).toEqual(plan.more.metadata);
	const { links, networks } = await read("/openstack/latest/network_data.json");
	expect([links.length, networks.length]).toEqual([1, 1]);
	expect(links[0].ethernet_mac_address).toBe(guest.ports[0].mac_address);
});

it("meta_data.json over HTTP", async () => {
	const { body } = await get("/openstack/latest/meta_data.json");
	expect(JSON.parse(body)).toMatchObject({ uuid: guest.id, name: NAME, meta: plan.more.metadata });
});

describe("a password of 100 characters, posted through the agent", () => {
	const password = Array.from({ length: 100 }, (_, at) => "abcdefghij0123456789"[at % 20]).join("");
	const post = async () => {
		const url = "http://169.254.169.254/openstack/2013-10-17/password";
		const curl = [
			"curl",
			"--silent",
			"--output",
			"/dev/null",
			"--write-out",
			"%{http_code}",
			"--data-binary",
			password,
		];
		return runInside(["ip", "netns", "exec", namespace, ...curl, url]);
	};

	it("is taken once", async () => {
		expect(await post()).toBe("200");
		expect(await post()).toBe("409");
		expect((await get("/openstack/2013-10-17/password")).body).toBe(password);
	});

	it("is returned by Guestwire's API and by the command", async () => {
		expect(await guestwire.run(["password", NAME])).toEqual({ code: 0, stdout: password });
		const answer = await fetch(`${guestwire.operator}/api/instances/${guest.id}/password`);
		expect([answer.status, await answer.text()]).toEqual([200, password]);
	});

	it("is not returned by Nova's API, which reads its own database, where no API can write it", async () => {
		const path = `/servers/${guest.id}/os-server-password`;
		expect((await api.get("compute", path)).password).toBe("");
		const refused = /: (400|404|405) /;
		await expect(api.post("compute", path, { password })).rejects.toThrow(refused);
		await expect(api.put("compute", path, { password })).rejects.toThrow(refused);
		// Metadata of the same name is not the system metadata that Nova reads.
		await api.post("compute", `/servers/${guest.id}/metadata`, { metadata: { password_0: password } });
		expect((await api.get("compute", path)).password).toBe("");
	});
});
