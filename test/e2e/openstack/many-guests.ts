/** Two hundred guests, for tests and benchmarks that ask for all of them at once; made once, in some minutes. */
import { ensure, eventually, type Json, login } from "./api.ts";
import type { Requester } from "./asking.ts";
import { ensureBootSource } from "./instances.ts";

export const MANY_GUESTS_PROJECT = "meadow";

/** Most networks are without port security: a port takes Neutron half as long to make. */
const GROUPS = [
	{ name: "clover", count: 160, networks: ["meadow-north"] },
	{ name: "thistle", count: 40, networks: ["meadow-south", "meadow-east"] },
];
const NETWORKS: Record<string, { readonly cidr: string; readonly security: boolean }> = {
	"meadow-north": { cidr: "10.80.0.0/23", security: false },
	"meadow-south": { cidr: "10.81.0.0/24", security: true },
	"meadow-east": { cidr: "10.82.0.0/24", security: false },
};

/** Makes the guests that are missing, and returns all of them, those with one NIC and with two mixed. */
export async function makeManyGuests(): Promise<readonly Requester[]> {
	const api = await login(MANY_GUESTS_PROJECT);
	const boot = await ensureBootSource();
	const { servers } = await api.get("compute", "/servers");
	for (const { name, count, networks: names } of GROUPS) {
		const networks: { uuid: string }[] = [];
		for (const network of names) {
			const { cidr, security } = NETWORKS[network] ?? { cidr: "", security: true };
			const { id } = await ensure(api, "networks", network, { port_security_enabled: security });
			const subnet = { network_id: id, ip_version: 4, cidr, dns_nameservers: ["10.80.0.3"] };
			await ensure(api, "subnets", network, subnet);
			networks.push({ uuid: id });
		}
		if (servers.some((server: Json) => server.name.startsWith(name))) continue;
		await api.post("compute", "/servers", { server: { name, ...boot, networks, min_count: count, max_count: count } });
	}
	const wanted = GROUPS.reduce((sum, { count }) => sum + count, 0);
	const made = async () => {
		const { servers } = await api.get("compute", "/servers?status=ACTIVE");
		if (servers.length !== wanted) return undefined;
		const ids: string[] = servers.map(({ id }: Json) => id);
		return ids.sort().map((id) => ({ id, projectId: api.projectId }));
	};
	return eventually(`${wanted} servers are built`, 3600, made, 3000);
}

if (import.meta.main) {
	const started = performance.now();
	console.log(`${(await makeManyGuests()).length} guests in ${Math.round((performance.now() - started) / 1000)} s`);
}
