/** Fills Keystone after its bootstrap: the services' accounts, their endpoints, and the guests' projects. Run by "cloud up". */
import { type Json, login } from "./api.ts";
import { laboratoryEnv } from "./laboratory.ts";
import { MANY_GUESTS_PROJECT } from "./many-guests.ts";
import { OTHER_PROJECT, PROJECT } from "./plan.ts";

const { SERVICE_PASSWORD, OS_REGION_NAME } = laboratoryEnv();

const api = await login();

/** The object of that kind with these members, made when there is none; gives its id. */
async function ensure(
	kind: string,
	members: Record<string, unknown>,
	more: Record<string, unknown> = {},
): Promise<string> {
	const existing = (await api.get("identity", `/${kind}`))[kind].find((object: Json) =>
		Object.entries(members).every(([key, value]) => object[key] === value),
	);
	if (existing) return existing.id;
	const singular = kind.replace(/s$/, "");
	return (await api.post("identity", `/${kind}`, { [singular]: { ...members, ...more } }))[singular].id;
}

const domain = { domain_id: "default" };
const administratorId = await ensure("users", { name: "admin", ...domain });
const adminRole = await ensure("roles", { name: "admin" });
const serviceRole = await ensure("roles", { name: "service" });
const grant = (project: string, user: string, role: string) =>
	api.put("identity", `/projects/${project}/users/${user}/roles/${role}`);

const serviceProject = await ensure("projects", { name: "service", ...domain });
for (const name of ["glance", "placement", "neutron", "nova", "cinder"]) {
	const user = await ensure("users", { name, ...domain }, { password: SERVICE_PASSWORD });
	await grant(serviceProject, user, adminRole);
	await grant(serviceProject, user, serviceRole);
}
for (const [name, type, url] of [
	["glance", "image", "http://127.0.0.1:9292"],
	["placement", "placement", "http://127.0.0.1:8778"],
	["neutron", "network", "http://127.0.0.1:9696"],
	["nova", "compute", "http://127.0.0.1:8774/v2.1"],
	// Nova asks for the one up to 2024.1, and for the other since.
	["cinderv3", "volumev3", "http://127.0.0.1:8776/v3"],
	["cinder", "block-storage", "http://127.0.0.1:8776/v3"],
	// Nothing listens there: it is only asked when a share is attached or detached.
	["manila", "shared-file-system", "http://127.0.0.1:8786/v2"],
] as const) {
	const service_id = await ensure("services", { name, type });
	for (const face of ["public", "internal", "admin"]) {
		await ensure("endpoints", { service_id, interface: face, region_id: OS_REGION_NAME }, { url });
	}
}
for (const name of [PROJECT, OTHER_PROJECT, MANY_GUESTS_PROJECT]) {
	await grant(await ensure("projects", { name, ...domain }), administratorId, adminRole);
}
