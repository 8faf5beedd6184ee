import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findCloud } from "./clouds-yaml.ts";

let home: string;
beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "guestwire-"));
	mkdirSync(join(home, ".config/openstack"), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

const put = (name: string, text: string) => writeFileSync(join(home, ".config/openstack", name), text);
const find = (name?: string, env = {}) => findCloud(name, { HOME: home, ...env });
const CLOUDS = "clouds: { one: { region_name: R, auth: { username: u, project_name: p } }, two: {} }";

test("the user's folder is searched, and secure.yaml takes precedence", async () => {
	put("clouds.yml", CLOUDS);
	put("secure.yaml", "clouds: { one: { auth: { password: s, project_name: q } } }");
	const { entry, where } = await find("one");
	expect(entry).toMatchObject({ region_name: "R", auth: { username: "u", password: "s", project_name: "q" } });
	expect(where).toBe(`${home}/.config/openstack/clouds.yml: clouds.one`);
});

test("a file named by a variable comes first, JSON or YAML", async () => {
	put("clouds.yaml", CLOUDS);
	const file = join(home, "mine.json");
	writeFileSync(file, JSON.stringify({ clouds: { one: { region_name: "mine" } } }));
	expect((await find("one", { OS_CLIENT_CONFIG_FILE: file })).entry.region_name).toBe("mine");
});

test("OS_CLOUD names the cloud by default", async () => {
	put("clouds.yaml", CLOUDS);
	expect((await find(undefined, { OS_CLOUD: "one", OS_AUTH_URL: "http://x" })).entry.region_name).toBe("R");
});

test("only the variables", async () => {
	const env = {
		OS_AUTH_URL: "http://x",
		OS_USERNAME: "u",
		OS_INSECURE: "True",
		OS_CACERT: "",
		OS_NETWORK_ENDPOINT_OVERRIDE: "http://n",
	};
	expect((await find(undefined, env)).entry).toMatchObject({
		auth: { auth_url: "http://x", username: "u" },
		insecure: true,
		network_endpoint_override: "http://n",
	});
	expect((await find(undefined, env)).entry).not.toHaveProperty("cacert");
});

test("~ is the home directory in OS_CACERT, OS_CERT and OS_KEY", async () => {
	const env = { OS_AUTH_URL: "http://x", OS_CACERT: "~/ca.crt", OS_CERT: "~/c.crt", OS_KEY: "/etc/~/k" };
	expect((await find(undefined, env)).entry).toMatchObject({
		cacert: join(home, "ca.crt"),
		cert: join(home, "c.crt"),
		key: "/etc/~/k",
	});
});

test.each([
	["envvars", {}],
	["mine", { OS_CLOUD_NAME: "mine" }],
])("OS_CLOUD=%s is the cloud of the variables", async (cloud, more) => {
	put("clouds.yaml", CLOUDS);
	const env = { OS_CLOUD: cloud, OS_AUTH_URL: "http://x", ...more };
	expect((await find(undefined, env)).entry.auth).toEqual({ auth_url: "http://x" });
	expect((await find(cloud, env)).entry.auth).toEqual({ auth_url: "http://x" });
});

test("OS_CLOUD=envvars without the variables is an error", async () => {
	put("clouds.yaml", CLOUDS);
	await expect(find(undefined, { OS_CLOUD: "envvars" })).rejects.toThrow("there is no cloud envvars");
});

describe("an entry as openstacksdk accepts it", () => {
	const entryOf = async (members: string) => {
		put("clouds.yaml", `clouds: { one: { ${members} } }`);
		return (await find("one")).entry;
	};

	test("members of auth may be written next to it, and take precedence", async () => {
		const entry = await entryOf("auth: { auth_url: http://k, username: a }, username: b, password: s, project-name: p");
		expect(entry.auth).toEqual({ auth_url: "http://k", username: "b", password: "s", project_name: "p" });
	});

	test.each(["profile", "cloud"])("a %s is an entry of clouds-public.yaml", async (member) => {
		put(
			"clouds-public.yaml",
			"public-clouds: { example: { auth: { auth_url: http://k }, region_name: R, verify: false } }",
		);
		const entry = await entryOf(`${member}: example, auth: { username: u }, region_name: S`);
		expect(entry).toMatchObject({ auth: { auth_url: "http://k", username: "u" }, region_name: "S", verify: false });
	});

	test("an unknown profile is an error that names it", async () => {
		await expect(entryOf("profile: example")).rejects.toThrow(
			/clouds.one: profile example is not in clouds-public.yaml of/,
		);
		put("clouds-public.yaml", "public-clouds: {}");
		await expect(entryOf("profile: example")).rejects.toThrow(
			/profile example is not in .*clouds-public.yaml: replace it with auth_url/,
		);
	});

	test("~ is the home directory in cacert, cert and key", async () => {
		const entry = await entryOf("cacert: ~/ca.crt, cert: '~/c.crt', key: /etc/~/k");
		expect(entry).toMatchObject({ cacert: join(home, "ca.crt"), cert: join(home, "c.crt"), key: "/etc/~/k" });
	});

	test("an empty region counts as absent, and verify may be text", async () => {
		const entry = await entryOf("region_name: '', verify: 'False', insecure: 'true'");
		expect(entry).not.toHaveProperty("region_name");
		expect(entry).toMatchObject({ verify: false, insecure: true });
	});

	test.each([
		["no", false],
		["Off", false],
		["yes", true],
		["ON", true],
	])("verify: %s is a boolean in YAML 1.1", async (text, expected) => {
		expect(await entryOf(`verify: ${text}`)).toMatchObject({ verify: expected });
	});

	test("an empty cacert, cert or key counts as absent", async () => {
		const entry = await entryOf("cacert: null, cert: '', key: ''");
		expect(entry).toEqual({ auth: {}, regions: [] });
	});

	/** "Per-region settings" in openstacksdk's user/config/configuration.rst. */
	test("a region has values of its own", async () => {
		const region = (name: string) =>
			`{ name: ${name}, values: { auth: { auth_url: 'http://${name}' }, network-endpoint-override: 'http://n-${name}' } }`;
		const members = `auth: { auth_url: http://k, username: u }, regions: [${region("r1")}, ${region("r2")}, r3]`;
		expect(await entryOf(members)).toMatchObject({
			auth: { auth_url: "http://r1", username: "u" },
			network_endpoint_override: "http://n-r1",
		});
		expect((await entryOf(`region_name: r2, ${members}`)).auth.auth_url).toBe("http://r2");
		expect((await entryOf(`region_name: r3, ${members}`)).auth.auth_url).toBe("http://k");
	});

	test("the whole entry may be in secure.yaml", async () => {
		put("clouds.yaml", CLOUDS);
		put("secure.yaml", "clouds: { three: { auth: { auth_url: http://k } } }");
		expect((await find("three")).entry.auth).toEqual({ auth_url: "http://k" });
	});

	test("auth_url may contain the region, also in a profile", async () => {
		const members = "region_name: r1, auth: { auth_url: 'https://{region_name}.example/{other}/v3' }";
		expect((await entryOf(members)).auth.auth_url).toBe("https://r1.example/{other}/v3");
		const profile = "{ region_name: r0, auth: { auth_url: 'https://{region_name}.example' } }";
		put("clouds-public.yaml", `public-clouds: { example: ${profile} }`);
		expect((await entryOf("profile: example, region_name: r2")).auth.auth_url).toBe("https://r2.example");
	});
});

describe("files that other OpenStack tools accept", () => {
	const fixture = (name: string) =>
		readFileSync(new URL(`../../../test/fixtures/clouds-yaml/${name}`, import.meta.url), "utf8");

	test.each([
		["top-level", { auth: { auth_url: "http://keystone.example:5000/v3", username: "guestwire", password: "secret" } }],
		["by-profile", { auth: { auth_url: "http://keystone.example:5000/v3" }, region_name: "RegionOne" }],
		["home-directory", { auth: { project_name: "service" } }],
		["region-empty", { auth: { user_domain_name: "Default" } }],
		["verify-text", { verify: false }],
	])("%s", async (name, expected) => {
		put("clouds.yaml", fixture("clouds.yaml"));
		put("clouds-public.yaml", fixture("clouds-public.yaml"));
		const { entry } = await find(name);
		expect(entry).toMatchObject(expected);
		expect(entry.region_name).toBe(name === "by-profile" ? "RegionOne" : undefined);
		expect(entry.cacert).toBe(name === "home-directory" ? join(home, "ca.crt") : undefined);
	});
});

describe("a fault is reported in one line with its place and without secrets", () => {
	test.each([
		["three", CLOUDS, /clouds.yaml: there is no cloud three; the file has: one, two$/],
		["one", "clouds: { one: { auth: { password: 123456 } } }", /clouds.one: auth.password must be text: quote it$/],
		["one", "clouds: { one: [] }", /clouds.one: the document must be a map, not a list$/],
		["one", "clouds: [1]", /clouds.yaml: clouds must be a map, not a list$/],
		["one", "clouds: {\n one: [", /clouds.yaml:2: invalid YAML/],
		["one", "", /clouds.yaml: there is no cloud one; the file has: none$/],
	])("%s in %j", async (name, text, message) => {
		put("clouds.yaml", text);
		const error: Error = await find(name).then(
			() => new Error("none"),
			(reason) => reason,
		);
		expect(error).toMatchObject({ code: "config", message: expect.stringMatching(message) });
		expect(error.message).not.toMatch(/123456|\n/);
	});

	test("no file, no variables", async () => {
		await expect(find("one", { OS_CLIENT_CONFIG_FILE: join(home, "not-here") })).rejects.toThrow(
			/not-here does not exist/,
		);
		await expect(find()).rejects.toThrow(
			"name an entry of clouds.yaml with --os-cloud or OS_CLOUD, or set OS_AUTH_URL",
		);
	});
});
