/** What the model cloud has, and whose each address has been. */
import type { PortFacts, ServerFacts } from "../../src/instance/facts.ts";
import { withGroupNames } from "../../src/instance/group-names.ts";
import type { ResourceContents, ResourceKind } from "../../src/source/resource.ts";
import { frozenJson } from "./frozen.ts";

interface Record_<Content> {
	readonly content: Content;
	/** Grows with each change. Of one that is reported, it becomes the resource's name, so that an answer shows it. */
	readonly revision: number;
}

/** A port that had an address. */
export interface Tenure {
	readonly address: string;
	readonly tenant: string;
	readonly deviceId: string;
	readonly from: number;
	/** Infinite: until now. */
	until: number;
}

export interface ModelRecords {
	get(kind: ResourceKind, id: string): Record_<unknown> | undefined;
	ids(kind: ResourceKind): readonly string[];
	all<Kind extends ResourceKind>(kind: Kind): readonly ResourceContents[Kind][];
	put<Kind extends ResourceKind>(kind: Kind, id: string, content: ResourceContents[Kind]): void;
	/** Changes what no message reports, because the cloud changed it by itself. */
	putSilently<Kind extends ResourceKind>(kind: Kind, id: string, content: ResourceContents[Kind]): void;
	remove(kind: ResourceKind, id: string): void;
	/** The ports that belong to a server. */
	nicsOf(server: ServerFacts): PortFacts[];
	readonly tenures: readonly Tenure[];
}

export interface ModelRecordsOptions {
	readonly now: () => number;
	/** Called for each resource that was created, changed or deleted: then without content. */
	readonly onChange: (kind: ResourceKind, id: string, content: object | undefined) => void;
	/** Called when an address passes to another tenant. */
	readonly onReuse: () => void;
	readonly note: (text: string) => void;
}

export function createModelRecords({ now, onChange, onReuse, note }: ModelRecordsOptions): ModelRecords {
	const records = new Map<string, Record_<unknown> & { readonly kind: ResourceKind; readonly id: string }>();
	const tenures: Tenure[] = [];

	function store(kind: ResourceKind, id: string, content: object, isSilent: boolean): object {
		const revision = (records.get(`${kind} ${id}`)?.revision ?? 0) + 1;
		const isNamed = "name" in content && kind !== "keypair" && !isSilent;
		const frozen = frozenJson(isNamed ? { ...content, name: `r${revision}` } : content);
		records.set(`${kind} ${id}`, { kind, id, revision, content: frozen });
		if (kind === "port") noteTenure(id, content as PortFacts);
		return frozen;
	}

	const portTenures = new Map<string, Tenure[]>();
	function endTenures(portId: string): void {
		for (const tenure of portTenures.get(portId) ?? []) tenure.until = now();
		portTenures.delete(portId);
	}
	function noteTenure(portId: string, port: PortFacts): void {
		endTenures(portId);
		if (port.device_owner !== "compute:nova" || port.device_id === "") return;
		const owners = port.fixed_ips.map(
			({ ip_address: address }): Tenure => ({
				...{ address, tenant: port.project_id ?? "", deviceId: port.device_id },
				...{ from: now(), until: Number.POSITIVE_INFINITY },
			}),
		);
		for (const { address, tenant } of owners) {
			const before = tenures.findLast((tenure) => tenure.address === address);
			if (before !== undefined && before.tenant !== tenant) onReuse();
		}
		tenures.push(...owners);
		portTenures.set(portId, owners);
	}

	const contents = <Kind extends ResourceKind>(kind: Kind) =>
		Array.from(records.values())
			.filter((record) => record.kind === kind)
			.map(({ content }) => content as ResourceContents[Kind]);
	const nicsOf = ({ id, tenant_id }: ServerFacts) =>
		contents("port").filter(({ device_id, project_id }) => device_id === id && project_id === tenant_id);

	/** As Nova shows it: the names of its ports' groups are Neutron's at this moment. */
	function shown<Content>(kind: ResourceKind, content: Content): Content {
		if (kind !== "server") return content;
		const server = content as ServerFacts;
		return withGroupNames(server, nicsOf(server), contents("security_group")) as Content;
	}

	return {
		tenures,
		nicsOf,
		get(kind, id) {
			const found = records.get(`${kind} ${id}`);
			return found && { revision: found.revision, content: shown(kind, found.content) };
		},
		ids: (kind) =>
			Array.from(
				records.values().filter((record) => record.kind === kind),
				({ id }) => id,
			),
		all: (kind) => contents(kind).map((content) => shown(kind, content)),
		put: (kind, id, content) => onChange(kind, id, store(kind, id, content, false)),
		putSilently(kind, id, content) {
			note(`  ${kind} ${id} changes without a message`);
			store(kind, id, content, true);
		},
		remove(kind, id) {
			if (!records.delete(`${kind} ${id}`)) return;
			if (kind === "port") endTenures(id);
			onChange(kind, id, undefined);
		},
	};
}
