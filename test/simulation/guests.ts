/** What guests were answered, and whether they may have been. */
import type { Detail, Instance, Port } from "../../src/instance/instance.ts";
import type { ModelCloud } from "./model-cloud.ts";
import type { Node } from "./node.ts";
import type { Process, Scheduler } from "./scheduler.ts";

/** How long an address may still count as its last owner's for private data: 2 s in the mirror, 5 s in the cache, a request. */
const OWNER_BOUND = 2000 + 5000 + 5000;

/** A revision that an answer showed, or a later one before it. */
interface Shown {
	/** The answer's number. */
	readonly at: number;
	readonly revision: number;
}

export interface Guests {
	/** Makes one request to a node. */
	ask(node: Node): void;
}

export interface GuestsOptions {
	readonly scheduler: Scheduler;
	readonly cloud: ModelCloud;
	readonly addresses: readonly string[];
	/** Every id that a server has had. */
	readonly serverIds: () => readonly string[];
	readonly fail: (what: string) => void;
}

export function createGuests({ scheduler, cloud, addresses, serverIds, fail }: GuestsOptions): Guests {
	const { random, note } = scheduler;
	const served = new Map<Process, Map<string, Shown[]>>();
	let answers = 0;

	/**
	 * No answer shows an older revision of a resource than an answer of the same process for the instance in that detail
	 * that was complete when the request came: of two requests at the same time, either may be answered first.
	 *
	 * @param before answers when the request came
	 */
	function checkOrder(process: Process, instance: Instance, detail: Detail, before: number): void {
		const known = served.get(process) ?? new Map<string, Shown[]>();
		served.set(process, known);
		const answer = ++answers;
		const show = (key: string, revision: number) => {
			const shown = known.get(key) ?? [];
			const newest = shown.findLast(({ at }) => at <= before)?.revision ?? 0;
			if (revision < newest) fail(`${process.name} went back from r${newest} to r${revision} for ${key}`);
			shown.push({ at: answer, revision: Math.max(revision, shown.at(-1)?.revision ?? 0) });
			known.set(key, shown);
		};
		for (const [name, revision] of revisionsOf(instance)) {
			// Only documents with all details contain security groups.
			if (name.startsWith("group ") && detail !== "all") continue;
			show(`${detail} ${instance.id}: ${name}`, revision);
		}
		// A port that is gone does not come back. One that was first shown after the request came may only be missing yet.
		const present = new Set(portsOf(instance).map(({ id }) => `${detail} ${instance.id}: port ${id}`));
		for (const [key, [first]] of known) {
			const isGone = key.startsWith(`${detail} ${instance.id}: port `) && !present.has(key);
			if (isGone && first !== undefined && first.at <= before) show(key, Number.POSITIVE_INFINITY);
		}
	}

	/** All that an instance has is its tenant's. */
	function checkTenant(instance: Instance): void {
		const names = instance.ports.flatMap(({ securityGroups }) => securityGroups.map(({ id }) => id));
		const foreign = names.filter((id) => !id.endsWith(`-${instance.projectId}`));
		if (foreign.length > 0) fail(`${instance.id} of ${instance.projectId} has ${foreign}`);
	}

	function checkOwner(instance: Instance, address: string, startedAt: number, isPrivate: boolean): void {
		const since = isPrivate ? startedAt - OWNER_BOUND : 0;
		const owned = cloud.tenures.some(
			(tenure) => tenure.address === address && tenure.deviceId === instance.id && tenure.until >= since,
		);
		const isSubport = instance.ports.some(({ trunk }) =>
			trunk?.subports.some(({ port }) => port.fixedIps.some((fixed) => fixed.address === address)),
		);
		if (!owned && !isSubport && !hasSubport(instance.id, address))
			fail(`${address} was answered as ${instance.id}, private: ${isPrivate}`);
	}

	/** Whether the address is a subport's of the instance now: its facts may be from before that. */
	function hasSubport(id: string, address: string): boolean {
		const ofPort = new Map(cloud.all("port").map((port) => [port.id, port]));
		return cloud
			.all("trunk")
			.filter(({ port_id }) => ofPort.get(port_id)?.device_id === id)
			.flatMap(({ sub_ports }) => sub_ports.flatMap(({ port_id }) => ofPort.get(port_id)?.fixed_ips ?? []))
			.some(({ ip_address }) => ip_address === address);
	}

	async function byId(node: Node, id: string): Promise<void> {
		const detail = random.pick<Detail>(["all", "wiring", "server"]);
		const before = answers;
		const found = await node.byId(id, detail);
		note(`${node.process.name}: ${detail} of ${id}: ${found && [...revisionsOf(found)].join("; ")}`);
		if (found === undefined) return;
		if (found.id !== id) fail(`${id} was answered as ${found.id}`);
		checkTenant(found);
		checkOrder(node.process, found, detail, before);
	}

	async function byAddress(node: Node, address: string): Promise<void> {
		const [startedAt, before] = [scheduler.now(), answers];
		const isPrivate = random.chance(0.7);
		const found = await node.byAddress(address, isPrivate);
		note(`${node.process.name}: ${address} is ${found?.id}`);
		if (found === undefined) return;
		checkTenant(found);
		checkOrder(node.process, found, isPrivate ? "all" : "wiring", before);
		checkOwner(found, address, startedAt, isPrivate);
	}

	return {
		ask(node) {
			const ids = serverIds().slice(-8);
			if (ids.length > 0 && random.chance(0.2)) {
				const detail = random.chance(0.5) ? "all" : "wiring";
				node.prepare(random.pick(ids), detail).catch((error) => fail(error.stack));
			}
			const request =
				ids.length > 0 && random.chance(0.5) ? byId(node, random.pick(ids)) : byAddress(node, random.pick(addresses));
			request.catch((error) => {
				note(`${node.process.name}: ${error.message}`);
				if (error.code === undefined) fail(`a request ended with ${error.stack}`);
			});
		},
	};
}

function portsOf(instance: Instance): Port[] {
	return instance.ports.flatMap((port) => [port, ...(port.trunk?.subports.map((subport) => subport.port) ?? [])]);
}

function revisionsOf(instance: Instance): [name: string, revision: number][] {
	const named = portsOf(instance).flatMap((port) => [
		[`port ${port.id}`, port.name],
		[`network ${port.network.id}`, port.network.name],
		...port.fixedIps.map(({ subnet }) => [`subnet ${subnet.id}`, subnet.name]),
		...port.securityGroups.map(({ id, name }) => [`group ${id}`, name]),
		...(port.trunk ? [[`trunk ${port.trunk.id}`, port.trunk.name]] : []),
	]);
	if (instance.server !== undefined) named.push(["server", instance.server.name]);
	return named.map(([name = "", text = ""]) => [name, Number(text.slice(1))]);
}
