/** Reads whole instances from the source. */
import type { Detail } from "../instance/instance.ts";
import { type Resource, type ResourceKind, textOfName, UNLISTED_KINDS } from "../source/resource.ts";
import type { DeletedResource, MirrorStore } from "./mirror-store.ts";
import { type InstanceReading, readInstance } from "./read-instance.ts";
import type { ResourceReads } from "./resource-reads.ts";

export interface InstanceReads {
	/**
	 * Reads an instance again: its server, its ports and what refers to them; and what they refer to, if that was requested
	 * before `notBefore` or is missing.
	 */
	refresh(id: string, detail: Detail, notBefore: number): Promise<void>;
	/** Reads what an instance refers to and the mirror lacks: each of it once, whether it is found or not. */
	complete(id: string): Promise<void>;
}

/** What only documents about the server contain. */
const SERVER_ONLY: ReadonlySet<ResourceKind> = new Set(UNLISTED_KINDS);
/** What only documents with all details contain. */
const DETAILS_ONLY: ReadonlySet<ResourceKind> = new Set(["floatingip", "security_group"]);

/** Whether documents of a detail contain anything of a kind. */
export function isNeeded(kind: ResourceKind, detail: Detail): boolean {
	if (detail === "all") return true;
	return !DETAILS_ONLY.has(kind) && (detail === "server" || !SERVER_ONLY.has(kind));
}

/**
 * When the oldest facts were requested that documents of a detail contain, in milliseconds since 1970; infinite if there
 * are none, not even a deletion.
 *
 * @param verifiedAt when one of them was known to be unchanged, which counts as a request. Default: never
 */
export function requestedAtOf(
	{ resources, deleted }: InstanceReading,
	detail: Detail,
	verifiedAt: (one: Resource | DeletedResource) => number = () => Number.NEGATIVE_INFINITY,
): number {
	const needed = [...resources, ...deleted].filter(({ kind }) => isNeeded(kind, detail));
	return Math.min(...needed.map((one) => Math.max(one.requestedAt, verifiedAt(one))));
}

export function createInstanceReads(
	reads: ResourceReads,
	store: MirrorStore,
	options: { readonly dhcpPorts: boolean },
): InstanceReads {
	const { byId, referringTo } = reads;

	async function complete(id: string, detail: Detail = "all"): Promise<void> {
		const tried = new Set<string>();
		for (;;) {
			const { missing } = await readInstance(store, id, options);
			const wanted = missing.filter((name) => isNeeded(name.kind, detail) && !tried.has(textOfName(name)));
			if (wanted.length === 0) return;
			for (const name of wanted) tried.add(textOfName(name));
			// A port's device is any text: the absence of such a server is not worth storing.
			await Promise.all(wanted.map((name) => byId(name, !/^server/.test(name.kind))));
		}
	}

	/** What the ports refer to, and what refers to them. */
	async function refreshNeighbours(reading: InstanceReading, detail: Detail, notBefore: number): Promise<void> {
		const { ports = [], subports = [] } = reading.facts ?? {};
		const isOld = (one: Resource | DeletedResource) => one.requestedAt < notBefore && isNeeded(one.kind, detail);
		await Promise.all([
			...[...reading.resources, ...reading.deleted].filter(isOld).map((name) => byId(name, true)),
			...ports.map(({ id }) => referringTo("trunks of ports", id)),
			...(detail === "all" ? [...ports, ...subports].map(({ id }) => referringTo("floating IPs of ports", id)) : []),
			...(options.dhcpPorts ? ports.map(({ network_id }) => referringTo("DHCP ports of networks", network_id)) : []),
		]);
	}

	return {
		async refresh(id, detail, notBefore) {
			const isKnown = detail !== "wiring" && (await store.read([{ kind: "server", ids: [id] }])).resources.length > 0;
			await Promise.all([
				byId({ kind: "server", id }, true),
				referringTo("ports of devices", id),
				...(detail === "wiring" ? [] : [byId({ kind: "server_details", id }, isKnown)]),
			]);
			await refreshNeighbours(await readInstance(store, id, options), detail, notBefore);
			await complete(id, detail);
		},
		complete: (id) => complete(id),
	};
}
