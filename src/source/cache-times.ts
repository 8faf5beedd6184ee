/** How long cached answers are served, and waited for. */

/** All in milliseconds. */
export interface CacheTimes {
	/** From this age on, a value is revalidated in the background while it is still served. */
	readonly revalidateAfter: number;
	/** From this age on, callers wait for a new value. */
	readonly maxAge: number;
	/** A value that arrived late is served for at least this long after it came: whoever gave up waiting asks again. */
	readonly minServed: number;
	/** How long an absence is cached. */
	readonly negativeTtl: number;
	/** How long a failure is cached. */
	readonly failureTtl: number;
	/** How long a caller waits for a new value if there is an old one. */
	readonly revalidateTimeout: number;
	/** Up to this age, an old value is served while there is no new one. */
	readonly staleIfError: number;
	/** Whether nobody waits for a new value if the source has just taken longer for another one than a caller waits. */
	readonly skipsSlow?: true;
}

/** What a caller accepts while the source gives no new value. */
export type StaleTimes = Pick<CacheTimes, "revalidateTimeout" | "staleIfError" | "skipsSlow">;

/** An absent instance or owner, less what the source may have kept it, but at least a second: made-up ones are asked for again and again. Seconds. */
const NEGATIVE_TTL = 2;
const MIN_NEGATIVE_TTL = 1;
/** A failed look-up. Seconds. */
const FAILURE_TTL = 2;
/** An instance that the source took long to return. Guests that got 503 meanwhile ask again within a second or two. Seconds. */
const MIN_SERVED = 5;
/** Leaves enough of a request's 5 s to serve a stale answer. Seconds. */
const REVALIDATE_TIMEOUT = 2;
/** An address may pass to a new instance: owners are cached for less time than instances. Seconds. */
const OWNER_MAX_AGE = 5;
/** A mirror answers with an owner for so long after the signals last proved that it is current. Seconds. */
export const SIGNALLED_OWNER_AGE = 2;
/** A document may be served at any age, the name of an address's owner may not. Seconds. */
const OWNER_STALE_IF_ERROR = 300;
/** Longer than any request waits: a source that is merely slow is no reason to serve private data by an old owner. Seconds. */
const OWNER_REVALIDATE_TIMEOUT = 30;
/** For what may be served by an old owner: leaves enough of a request's 5 s for the instance. Seconds. */
const STALE_OWNER_REVALIDATE_TIMEOUT = 1;

/**
 * The times of instances.
 *
 * @param maxAge as `InstanceCacheOptions`'
 * @param sourceAge as `InstanceCacheOptions`'
 */
export const instanceTimes = (maxAge: number, sourceAge: number): CacheTimes => ({
	revalidateAfter: (maxAge * 2000) / 3,
	maxAge: maxAge * 1000,
	minServed: Math.min(MIN_SERVED, maxAge) * 1000,
	negativeTtl: Math.max(MIN_NEGATIVE_TTL, NEGATIVE_TTL - sourceAge) * 1000,
	failureTtl: FAILURE_TTL * 1000,
	revalidateTimeout: REVALIDATE_TIMEOUT * 1000,
	staleIfError: Number.POSITIVE_INFINITY,
});

/** What private data may depend on: never an owner that is older than `OWNER_MAX_AGE`. */
export const PRIVATE_OWNER: StaleTimes = {
	revalidateTimeout: OWNER_REVALIDATE_TIMEOUT * 1000,
	staleIfError: OWNER_MAX_AGE * 1000,
};

/** What network documents may depend on. */
export const STALE_OWNER: StaleTimes = {
	revalidateTimeout: STALE_OWNER_REVALIDATE_TIMEOUT * 1000,
	staleIfError: OWNER_STALE_IF_ERROR * 1000,
	skipsSlow: true,
};

/**
 * The times of owners, whose age includes the time for which the source may have kept them. The parameters are those of
 * `instanceTimes`.
 */
export function ownerTimes(maxAge: number, sourceAge: number): CacheTimes {
	const isReported = maxAge === Number.POSITIVE_INFINITY;
	const own = isReported ? maxAge : Math.min(maxAge, OWNER_MAX_AGE - sourceAge);
	const times = instanceTimes(own, sourceAge);
	const before = sourceAge * 1000;
	return {
		...times,
		// Early, so that nobody waits for a cloud that takes up to 2 s to answer.
		...{ revalidateAfter: before + times.maxAge / 3, maxAge: before + times.maxAge, minServed: 0 },
		...PRIVATE_OWNER,
	};
}
