/** What the mirror has of an instance, and whether documents may be made from it. */
import type { Detail } from "../instance/instance.ts";
import type { Profile } from "../instance/profile.ts";
import { type Resource, type ResourceKind, textOfName, UNLISTED_KINDS } from "../source/resource.ts";
import { isNeeded, requestedAtOf } from "./instance-reads.ts";
import type { MirrorState } from "./mirror-state.ts";
import type { DeletedResource } from "./mirror-store.ts";
import { nicsWithoutPort } from "./missing-ports.ts";
import { hidesUserData, type InstanceReading } from "./read-instance.ts";

/** A reading, and what was known of its age before it was read. */
export interface DatedReading extends InstanceReading {
	/** See MirrorState. */
	readonly reconciledAt: number;
	readonly verifiedAt: number;
	readonly unlistedFrom: number;
	/** Since when it was wholly read, by detail, in milliseconds since 1970. */
	readonly readSince: Readonly<Partial<Record<Detail, number>>>;
}

/** Up to when nothing in the reading can have changed unnoticed, in milliseconds since 1970. */
export function asOf(found: DatedReading, detail: Detail): number {
	const { verifiedAt, unlistedFrom } = found;
	const isProven = ({ kind, requestedAt }: Resource | DeletedResource) =>
		requestedAt >= unlistedFrom || !(UNLISTED_KINDS as readonly ResourceKind[]).includes(kind);
	return requestedAtOf(found, detail, (one) => (isProven(one) ? verifiedAt : Number.NEGATIVE_INFINITY));
}

/** Whether the server has a NIC whose port the mirror may not have heard of: everything was compared before. */
export function mayLackNics(found: DatedReading): boolean {
	const server = found.resources.find(({ kind }) => kind === "server");
	return nicsWithoutPort(found).length > 0 && (server?.requestedAt ?? 0) > found.reconciledAt;
}

export interface ReadingChecksOptions {
	readonly state: Pick<MirrorState, "isListed" | "novaMicroversion" | "doubtful">;
	/** Kinds that an instance's facts are found by, so that nothing shows when one is missing. */
	readonly keyKinds: readonly ResourceKind[];
	/** Whether the mirror has servers' user data. */
	readonly userData: boolean;
	/** `nova` has Nova's microversion and the ports of DHCP servers. */
	readonly profile: Profile;
	/** Resources whose records this process could not read lately, as `textOfName` writes them. */
	readonly doubtful: () => ReadonlySet<string>;
}

export interface ReadingChecks {
	/** Whether nothing is missing that documents of the detail contain. */
	isComplete(found: InstanceReading, detail: Detail): boolean;
	/** Whether a record could not be read that the facts contain, or that may be the port of one of the server's NICs. */
	isDoubtful(found: InstanceReading, detail: Detail): boolean;
}

export function createReadingChecks(options: ReadingChecksOptions): ReadingChecks {
	const { state, keyKinds, userData, profile } = options;
	return {
		isComplete({ facts, missing, resources, deleted }, detail) {
			if (resources.length + deleted.length === 0 || !state.isListed(keyKinds)) return false;
			if (missing.some(({ kind }) => isNeeded(kind, detail))) return false;
			if (profile === "nova" && state.novaMicroversion() === undefined) return false;
			return facts === undefined || detail === "wiring" || !hidesUserData(facts, userData);
		},
		isDoubtful(found, detail) {
			const doubtful = [...state.doubtful(), ...options.doubtful()];
			if (doubtful.length === 0) return false;
			if (nicsWithoutPort(found).length > 0 && doubtful.some((name) => name.startsWith("port "))) return true;
			const names = found.resources.filter(({ kind }) => isNeeded(kind, detail)).map(textOfName);
			return names.some((name) => doubtful.includes(name));
		},
	};
}
