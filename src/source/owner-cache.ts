/** Cached owners, by the query for their port. */
import { GuestwireError } from "../errors.ts";
import { withoutUndefined } from "../instance/without-undefined.ts";
import { ownerTimes, PRIVATE_OWNER, STALE_OWNER } from "./cache-times.ts";
import { tagsOfOwners, tagsOfQuery } from "./dependencies.ts";
import { ENTRY_SIZE, memorySize } from "./memory-size.ts";
import {
	createRevalidatingCache,
	type RevalidatingCache,
	type RevalidatingCacheOptions,
} from "./revalidating-cache.ts";
import type { Owner, PortQuery, Source } from "./source.ts";

type Owners = readonly Owner[];

export interface OwnerCache {
	/** See `InstanceCache.owners`. */
	get(query: PortQuery, signal?: AbortSignal, isPrivate?: boolean): Owners | Promise<Owners>;
	readonly cache: RevalidatingCache<Owners>;
}

type CommonOptions = Pick<
	RevalidatingCacheOptions<Owners>,
	"room" | "maxAbsent" | "now" | "wait" | "onStale" | "shared"
>;

/** Where a guest can make up addresses. Without a network or a router every address may be of any. */
function scopeOfQuery(key: string): string {
	const { networkId, routerId }: PortQuery = JSON.parse(key);
	return networkId ?? routerId ?? "";
}

/**
 * @param ages as `InstanceCacheOptions`'
 * @param closing ends running look-ups
 */
export function createOwnerCache(
	common: CommonOptions,
	{ maxAge, sourceAge }: { readonly maxAge: number; readonly sourceAge: number },
	source: Pick<Source, "owners" | "lastKnownOwners" | "verifiedAge">,
	closing: AbortSignal,
): OwnerCache {
	const verifiedAge = (_key: string, found: Owners) => {
		const isReported = found.every(({ basis }) => basis !== undefined);
		return (isReported ? source.verifiedAge?.() : undefined) ?? Number.POSITIVE_INFINITY;
	};
	const cache: RevalidatingCache<Owners> = createRevalidatingCache<Owners>({
		...common,
		sizeOf: (found) => ENTRY_SIZE + memorySize(found),
		times: ownerTimes(maxAge, sourceAge),
		sourceAge: sourceAge * 1000,
		isAbsent: (found) => found.length === 0,
		scopeOf: scopeOfQuery,
		tagsOf: (key, found) => [...tagsOfQuery(JSON.parse(key)), ...tagsOfOwners(found)],
		verifiedAge,
		ask: (key) => source.owners(JSON.parse(key), closing),
		intern: (_key, found) => found,
	});

	async function lastKnown(query: PortQuery, reason: unknown): Promise<Owners> {
		if (!(reason instanceof GuestwireError)) throw reason;
		const found = await source.lastKnownOwners?.(query).catch(() => undefined);
		if (found === undefined) throw reason;
		return found;
	}

	return {
		cache,
		get({ networkId, routerId, address, macAddress }, signal, isPrivate = false) {
			const query = { networkId, routerId, address, macAddress };
			const found = cache.get(JSON.stringify(query), signal, isPrivate ? PRIVATE_OWNER : STALE_OWNER);
			if (isPrivate || source.lastKnownOwners === undefined || !(found instanceof Promise)) return found;
			return found.catch((error) => lastKnown(withoutUndefined<PortQuery>(query), error));
		},
	};
}
