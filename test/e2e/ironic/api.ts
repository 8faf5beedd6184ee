/** Calls to the real Ironic as an operator makes them. */
const BASE = "http://127.0.0.1:6385";

export type Json = Record<string, unknown>;

let token: string | undefined;

/** Makes all calls from now on with a token of Keystone's. */
export function useToken(given: string): void {
	token = given;
}

/** @throws with Ironic's answer, if it refuses */
export async function call(method: string, path: string, body?: unknown): Promise<Json> {
	const response = await fetch(BASE + path, {
		method,
		headers: {
			"x-openstack-ironic-api-version": "latest",
			...(token !== undefined && { "x-auth-token": token }),
			...(body !== undefined && { "content-type": "application/json" }),
		},
		...(body !== undefined && { body: JSON.stringify(body) }),
	});
	const text = await response.text();
	if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
	return text === "" ? {} : JSON.parse(text);
}

/**
 * Waits until the node has the state and nothing works on it.
 *
 * @param more members of the request
 */
export async function provision(uuid: string, target: string, wanted: string, more: Json = {}): Promise<void> {
	await call("PUT", `/v1/nodes/${uuid}/states/provision`, { target, ...more });
	for (;;) {
		const node = await call("GET", `/v1/nodes/${uuid}`);
		if (node["provision_state"] === wanted && node["reservation"] === null) return;
		if (/failed|error/.test(String(node["provision_state"]))) throw new Error(JSON.stringify(node));
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

/** Everything that Ironic says of a node. */
export async function recordsOf(uuid: string): Promise<{ node: Json; ports: Json[]; groups: Json[] }> {
	const [node, { ports }, { portgroups }] = await Promise.all([
		call("GET", `/v1/nodes/${uuid}`),
		call("GET", `/v1/ports/detail?node=${uuid}`),
		call("GET", `/v1/portgroups/detail?node=${uuid}`),
	]);
	return { node, ports: ports as Json[], groups: portgroups as Json[] };
}

/** Whether Ironic is 35 (2026.1) or later: it checks drives, and has dynamic port groups. */
export async function isOf2026(): Promise<boolean> {
	const { default_version: version } = await call("GET", "/");
	return Number(String((version as Json)["version"]).split(".")[1]) >= 111;
}

/** Deletes every node, with its ports and port groups. */
export async function deleteNodes(): Promise<void> {
	const { nodes } = await call("GET", "/v1/nodes?include_children=true");
	for (const { uuid } of nodes as Json[]) {
		await call("PUT", `/v1/nodes/${uuid}/maintenance`, { reason: "the test is over" });
		await call("DELETE", `/v1/nodes/${uuid}`);
	}
}
