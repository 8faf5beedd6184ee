/** openstacksdk reads the same clouds.yaml and OS_* variables, and asks Keystone for a token with the same words. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findCloud } from "../../src/source/api/clouds-yaml.ts";
import { createSession, regionOf } from "../../src/source/api/keystone.ts";
import { createRest } from "../../src/source/api/rest.ts";
import { hasPythonModules, PYTHON } from "./programs.ts";

const run = promisify(execFile);

/** Asks for a token, and says how it would connect. The request fails: only what was asked is looked at. */
const SCRIPT = `
import json, sys, openstack.config, keystoneauth1.exceptions
region = openstack.config.OpenStackConfig().get_one(cloud=sys.argv[1] or None)
try:
    region.get_session().get_token()
except keystoneauth1.exceptions.ClientException:
    pass
verify, cert = region.get_requests_verify_args()
print(json.dumps({"region": region.region_name, "interface": region.config.get("interface"), "verify": verify}))
`;

const CLOUDS = (url: string) => `
clouds:
  plain:
    auth: { auth_url: "${url}/v3", username: alice, password: secret, project_name: p, user_domain_name: D, project_domain_name: E }
    region_name: R1
  ids:
    auth: { auth_url: "${url}", user_id: u1, password: secret, project_id: p1 }
    regions: [ R2, R3 ]
    interface: internal
    verify: false
  shared-domain:
    auth: { auth_url: "${url}/v3/", username: alice, password: secret, project_name: p, domain_id: d1 }
    region_name: R1
  app-id:
    auth_type: v3applicationcredential
    auth: { auth_url: "${url}/v3", application_credential_id: a1, application_credential_secret: s }
    region_name: R1
  app-name:
    auth_type: v3applicationcredential
    auth: { auth_url: "${url}/v3", application_credential_name: robot, application_credential_secret: s, username: alice, user_domain_name: D }
    region_name: R1
  token:
    auth_type: v3token
    auth: { auth_url: "${url}/v3", token: t, project_name: p, project_domain_id: e }
    region_name: R1
  system:
    auth: { auth_url: "${url}/v3", username: alice, password: secret, user_domain_id: d, system_scope: all }
    region_name: R1
  split:
    auth: { auth_url: "${url}/v3", username: alice, project_name: p, user_domain_name: D, project_domain_name: E }
    region_name: R1
    insecure: true
  private-ca:
    auth: { auth_url: "${url}/v3", username: alice, password: secret, project_name: p, user_domain_name: D, project_domain_name: E }
    region_name: R1
    cacert: /etc/hostname
  unverified:
    auth: { auth_url: "${url}/v3", username: alice, password: secret, project_name: p, user_domain_name: D, project_domain_name: E }
    region_name: R1
    cacert: /not/here
    verify: false
  region-values:
    auth: { auth_url: "${url}/v3", username: alice, password: secret, project_name: p, user_domain_name: D, project_domain_name: E }
    regions: [ { name: R4, values: { auth: { project_name: q }, interface: internal, verify: false } }, R5 ]
`;
const SECURE = (url: string) => `
clouds:
  split: { auth: { password: from-secure-yaml } }
  secure: { region_name: R1, auth: { auth_url: "${url}/v3", user_id: u1, password: secret, project_id: p1 } }
`;
const NAMES = [
	...["plain", "ids", "shared-domain", "app-id", "app-name", "token", "system", "split", "private-ca", "unverified"],
	...["region-values", "secure"],
];

describe.skipIf(!hasPythonModules("openstack.config"))("openstacksdk (apt-get install python3-openstacksdk)", () => {
	let server: Server;
	let folder: string;
	let url: string;
	const asked: unknown[] = [];

	beforeAll(async () => {
		server = createServer(async (request, response) => {
			const body = await new Response(request as never).text();
			if (request.method === "POST") {
				asked.push(JSON.parse(body));
				return void response.writeHead(401).end("{}");
			}
			// What keystoneauth looks at before it asks for a token.
			const version = { id: "v3.14", status: "stable", links: [{ rel: "self", href: `${url}/v3/` }] };
			const root = !request.url?.includes("/v3");
			response.writeHead(root ? 300 : 200, { "content-type": "application/json" });
			response.end(JSON.stringify(root ? { versions: { values: [version] } } : { version }));
		});
		await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
		url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/identity`;
		folder = mkdtempSync(join(tmpdir(), "guestwire-"));
		writeFileSync(join(folder, "clouds.yaml"), CLOUDS(url));
		writeFileSync(join(folder, "secure.yaml"), SECURE(url));
	});
	afterAll(async () => {
		rmSync(folder, { recursive: true });
		await new Promise((resolve) => server.close(resolve));
	});

	async function theirs(name: string, env: Record<string, string>) {
		const { stdout } = await run(PYTHON, ["-c", SCRIPT, name], { env: { PATH: "/usr/bin:/bin", ...env } });
		return { ...JSON.parse(stdout), request: asked.pop() };
	}

	async function ours(name: string, env: Record<string, string>) {
		const found = await findCloud(name || undefined, env);
		const { entry } = found;
		const rest = await createRest(entry);
		await createSession(found, rest, () => 0)
			.token()
			.catch(() => {});
		await rest.close();
		return {
			region: regionOf(entry),
			interface: entry.interface ?? "public",
			verify: entry.verify === false || entry.insecure === true ? false : (entry.cacert ?? true),
			request: asked.pop(),
		};
	}

	test.each(NAMES)("the cloud %s of clouds.yaml", async (name) => {
		const files = {
			HOME: folder,
			OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"),
			OS_CLIENT_SECURE_FILE: join(folder, "secure.yaml"),
		};
		const expected = await theirs(name, files);
		expect(expected.request).toBeDefined();
		expect(await ours(name, files)).toEqual(expected);
	});

	test("the OS_* variables", async () => {
		const env = {
			HOME: folder,
			OS_AUTH_URL: `${url}/v3`,
			OS_USERNAME: "alice",
			OS_PASSWORD: "secret",
			OS_PROJECT_NAME: "p",
			OS_USER_DOMAIN_NAME: "D",
			OS_PROJECT_DOMAIN_ID: "e",
			OS_REGION_NAME: "R9",
			OS_INTERFACE: "admin",
		};
		const expected = await theirs("", env);
		expect(expected.request).toBeDefined();
		expect(await ours("", env)).toEqual(expected);
	});
});
