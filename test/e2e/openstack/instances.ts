/**
 * Makes the guests that `plan.ts` says in the running laboratory; those that are there already, by name, stay.
 * By hand: `cloud net node test/e2e/openstack/instances.ts`.
 */
import { type Api, eventually, type Json, login } from "./api.ts";
import { ask } from "./asking.ts";
import { attachesShares, NOVA_FORGETS, NOVA_METADATA, runInside } from "./laboratory.ts";
import { makeNetwork, makePort, type Wiring } from "./networks.ts";
import { GUESTS, type GuestPlan, NETWORKS, OTHER_PROJECT, PROJECT } from "./plan.ts";
import { attachVolumes, bootMembers } from "./volumes.ts";

/** A guest as it stands in the cloud. */
export interface Guest {
	readonly plan: GuestPlan;
	readonly id: string;
	readonly projectId: string;
	/** In boot order, as Neutron answered them when it made them. */
	readonly ports: readonly Json[];
	/** The network namespace where its NIC with the route to the metadata service is. */
	readonly namespace?: string;
}

export interface BootSource {
	readonly flavorRef: string;
	readonly imageRef: string;
}

/** The smallest flavor and image that a server can be made of. */
export async function ensureBootSource(): Promise<BootSource> {
	const admin = await login();
	const { flavors } = await admin.get("compute", "/flavors");
	const sprig = { name: "sprig", ram: 64, vcpus: 1, disk: 0 };
	const flavor =
		flavors.find(({ name }: Json) => name === sprig.name) ??
		(await admin.post("compute", "/flavors", { flavor: sprig })).flavor;
	const { images } = await admin.get("image", "/images?name=seed");
	if (images[0]) return { flavorRef: flavor.id, imageRef: images[0].id };
	const seed = { name: "seed", disk_format: "raw", container_format: "bare", visibility: "public" };
	const image = await admin.post("image", "/images", seed);
	await admin.put("image", `/images/${image.id}/file`, new Uint8Array(512));
	return { flavorRef: flavor.id, imageRef: image.id };
}

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq3M0mS7N1r8Wc0xq0mQe7kYb1vQm7sTqk1oT2s5b0A knife@maple.test";

/** The key pairs that plans name. */
const KEYPAIRS: Readonly<Record<string, string>> = {
	"grafting-knife": KEY,
	/** A file of several keys, as Nova accepts it. */
	rootstocks: `${KEY}\n# another\n${KEY.replace("knife", "saw")}\n`,
};

async function ensureKeypairs(api: Api): Promise<void> {
	const { keypairs } = await api.get("compute", "/os-keypairs");
	const known = new Set(keypairs.map((entry: Json) => entry.keypair.name));
	for (const [name, public_key] of Object.entries(KEYPAIRS)) {
		if (known.has(name)) continue;
		await api.post("compute", "/os-keypairs", { keypair: { name, type: "ssh", public_key } });
	}
}

/** Waits until a server is ACTIVE. Throws when it becomes anything else. */
export function built(api: Api, id: string): Promise<Json> {
	return eventually(`server ${id} is built`, 600, async () => {
		const { server } = await api.get("compute", `/servers/${id}`);
		if (server.status === "ACTIVE") return server;
		if (server.status === "BUILD") return undefined;
		throw new Error(`server ${server.name} is ${server.status}: ${server.fault?.message}`);
	});
}

/** Makes the guest's ports and starts its server, without waiting for it. */
export async function startGuest(api: Api, plan: GuestPlan, wiring: Wiring, boot: BootSource): Promise<Guest> {
	const ports: Json[] = [];
	// Made last to first, so that their age doesn't give the boot order away.
	for (const [index, nic] of [...plan.nics.entries()].reverse()) {
		ports.unshift(await makePort(api, `${plan.name}-${index}`, nic, wiring));
	}
	const networks = ports.map(({ id }, index) => ({
		port: id,
		...(plan.nics[index]?.tag && { tag: plan.nics[index].tag }),
	}));
	const { servers } = await api.get("compute", `/servers?name=^${plan.name}$`);
	const id: string = servers[0]?.id ?? (await createServer(api, plan, networks, boot));
	const namespace = plan.metadataBy === undefined ? {} : { namespace: `gw-${plan.name}` };
	return { plan, id, projectId: api.projectId, ports, ...namespace };
}

async function createServer(api: Api, plan: GuestPlan, networks: readonly Json[], boot: BootSource): Promise<string> {
	const source = await bootMembers(api, plan, boot);
	const body = { name: plan.name, ...source, networks: networks.length > 0 ? networks : "none", ...plan.more };
	return (await api.post("compute", "/servers", { server: body })).server.id;
}

async function attachLater(api: Api, guest: Guest, wiring: Wiring): Promise<Guest> {
	const { plan } = guest;
	if (!plan.later) return guest;
	const port = await makePort(api, `${plan.name}-later`, plan.later, wiring);
	if (port.device_id !== guest.id) {
		const attachment = { interfaceAttachment: { port_id: port.id } };
		await api.post("compute", `/servers/${guest.id}/os-interface`, attachment);
	}
	return { ...guest, ports: [...guest.ports, port] };
}

async function attachShare({ id, plan: { share } }: Guest): Promise<void> {
	if (share && attachesShares()) await runInside(["attach-share", id, share.id, share.tag]);
}

/** Attaching a NIC makes Nova forget the MTUs of those that were there, until it looks at the ports again. */
async function remindOfMtus(admin: Api, guest: Guest): Promise<void> {
	const reminded = async () => {
		const { status, body } = await ask(NOVA_METADATA, guest, "/openstack/latest/network_data.json");
		if (status === 200 && !body.includes('"mtu": null')) return true;
		await admin.post("compute", "/os-server-external-events", {
			events: [{ name: "network-changed", server_uuid: guest.id }],
		});
		return undefined;
	};
	await eventually(`Nova knows the MTUs of ${guest.plan.name}`, 120, reminded, NOVA_FORGETS);
}

/** Ties every port to the integration bridge, and waits until Neutron calls all of them ACTIVE. */
export async function plug(admin: Api, guests: readonly Guest[]): Promise<void> {
	const { subnets } = await admin.get("network", "/subnets?fields=id&fields=cidr");
	const bits = new Map<string, string>(subnets.map(({ id, cidr }: Json) => [id, cidr.split("/")[1]]));
	const lines = guests.flatMap(({ plan, id, ports, namespace }) =>
		ports.map((port, index) => {
			const addresses = port.fixed_ips.map((ip: Json) => `${ip.ip_address}/${bits.get(ip.subnet_id)}`);
			const place = namespace && plan.metadataBy === index ? [namespace, `eth${index}`, ...addresses] : [];
			return [port.id, port.mac_address, id, ...place].join(" ");
		}),
	);
	await runInside(["plug"], `${lines.join("\n")}\n`);
	const ours = new Set(guests.flatMap(({ ports }) => ports.map(({ id }) => id)));
	await eventually("every port is ACTIVE", 600, async () => {
		const { ports } = await admin.get("network", "/ports?status=DOWN&fields=id");
		return ports.some(({ id }: Json) => ours.has(id)) ? undefined : true;
	});
}

/** Makes everything of the plan and ties it to the switch. */
export async function makeInstances(): Promise<Guest[]> {
	const boot = await ensureBootSource();
	const guests: Guest[] = [];
	for (const project of [PROJECT, OTHER_PROJECT]) {
		const api = await login(project);
		await ensureKeypairs(api);
		const wiring: Wiring = new Map();
		const own = ({ project: planned = PROJECT }) => planned === project;
		for (const plan of NETWORKS.filter(own)) await makeNetwork(api, plan, wiring);
		const started: Guest[] = [];
		for (const plan of GUESTS.filter(own)) started.push(await startGuest(api, plan, wiring, boot));
		for (const guest of started) {
			await built(api, guest.id);
			await attachVolumes(api, guest.plan, guest.id);
			await attachShare(guest);
			guests.push(await attachLater(api, guest, wiring));
		}
	}
	const admin = await login();
	await plug(admin, guests);
	for (const guest of guests) if (guest.plan.later) await remindOfMtus(admin, guest);
	return guests;
}

if (import.meta.main) {
	const started = performance.now();
	const guests = await makeInstances();
	for (const { id, plan, namespace = "" } of guests) console.log(id, plan.name, namespace);
	console.log(`${guests.length} guests in ${Math.round((performance.now() - started) / 1000)} s`);
}
