/** Cached instances by how much of them is known. */
import { isDeepStrictEqual } from "node:util";
import type { Detail, Instance } from "../instance/instance.ts";
import { isNewer } from "./answer-order.ts";
import type { CacheTimes } from "./cache-times.ts";
import { tagsOfInstance } from "./dependencies.ts";
import { ENTRY_SIZE, isOversized, sizeOfInstance } from "./memory-size.ts";
import {
	createRevalidatingCache,
	type RevalidatingCache,
	type RevalidatingCacheOptions,
} from "./revalidating-cache.ts";
import type { Source } from "./source.ts";

type CommonOptions = Pick<
	RevalidatingCacheOptions<Instance | undefined>,
	"room" | "maxAbsent" | "now" | "wait" | "verifiedAge" | "onInvalidate" | "onStale" | "shared"
>;

type Cache = RevalidatingCache<Instance | undefined>;
export type CachesByDetail = Readonly<Record<Detail, Cache>>;

/**
 * A cache per detail. An answer with all details replaces older ones with less, and serves for them.
 *
 * @param look as `Source.instance`
 */
export function createCachesByDetail(
	common: CommonOptions,
	times: CacheTimes,
	look: (id: string, detail: Detail, reread: boolean) => ReturnType<Source["instance"]>,
): CachesByDetail {
	const ofInstances = {
		...common,
		times,
		sizeOf: (instance: Instance | undefined) => ENTRY_SIZE + sizeOfInstance(instance),
		isAbsent: (instance: Instance | undefined) => instance === undefined,
		tagsOf: (_id: string, instance: Instance | undefined) => tagsOfInstance(instance),
	};
	/** An equal instance that is cached already: documents made from it stay valid. */
	const intern = (id: string, instance: Instance | undefined) => {
		if (isOversized(instance)) return instance;
		const known = [all, wiring, server].map((cache) => cache.peek(id)?.value);
		return known.find((old) => old !== undefined && isDeepStrictEqual(old, instance)) ?? instance;
	};
	const all: Cache = createRevalidatingCache({
		...ofInstances,
		ask: (id, reread) => look(id, "all", reread),
		takesPlace: (id) => wiring.peek(id) !== undefined,
		intern(id, instance, askedAt) {
			const interned = intern(id, instance);
			for (const cache of [wiring, server]) {
				const known = cache.peek(id);
				if (known !== undefined && isNewer(askedAt, known)) cache.delete(id);
			}
			return interned;
		},
	});
	const part = (detail: Detail): Cache =>
		createRevalidatingCache({
			...{ ...ofInstances, superset: all, intern },
			ask: (id, reread) => look(id, detail, reread),
		});
	const wiring = part("wiring");
	const server = part("server");
	return { all, wiring, server };
}
