/** How long cached answers are served, and waited for. */

/** All in milliseconds. */
export interface CacheTimes {
	/** From this age on, a value is revalidated in the background while it is still served. */
	readonly revalidateAfter: number;
	/** From this age on, callers wait for a new value. */
	readonly maxAge: number;
	/** A value that arrived late is served for at least this long after it came: whoever gave up waiting asks again. */
	readonly minServed: number;
	/** How long an absence or a failure is cached. */
	readonly negativeTtl: number;
	/** How long a caller waits for a new value if there is an old one. */
	readonly revalidateTimeout: number;
	/** Up to this age, an old value is served while there is no new one. */
	readonly staleIfError: number;
}

/** What a caller accepts while the source gives no new value. */
export type StaleTimes = Pick<CacheTimes, "revalidateTimeout" | "staleIfError">;

/** An absent instance, a failed look-up. Seconds. */
const NEGATIVE_TTL = 2;
/** An instance that the source took long to return. Guests that got 503 meanwhile ask again within a second or two. Seconds. */
const MIN_SERVED = 5;
/** Leaves enough of a request's 5 s to serve a stale answer. Seconds. */
const REVALIDATE_TIMEOUT = 2;
/** An address may pass to a new instance: owners are cached for less time than instances. Seconds. */
const OWNER_MAX_AGE = 5;
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
	negativeTtl: Math.max(0, NEGATIVE_TTL - sourceAge) * 1000,
	revalidateTimeout: REVALIDATE_TIMEOUT * 1000,
	staleIfError: Number.POSITIVE_INFINITY,
});

/** What private data may depend on: never an owner that is older than `OWNER_MAX_AGE`. */
export const privateOwner = (sourceAge: number): StaleTimes => ({
	revalidateTimeout: OWNER_REVALIDATE_TIMEOUT * 1000,
	staleIfError: (OWNER_MAX_AGE - sourceAge) * 1000,
});

/** What network documents may depend on. */
export const STALE_OWNER: StaleTimes = {
	revalidateTimeout: STALE_OWNER_REVALIDATE_TIMEOUT * 1000,
	staleIfError: OWNER_STALE_IF_ERROR * 1000,
};

/** The times of owners; the parameters are those of `instanceTimes`. */
export const ownerTimes = (maxAge: number, sourceAge: number): CacheTimes => ({
	...instanceTimes(
		maxAge === Number.POSITIVE_INFINITY ? maxAge : Math.min(maxAge, OWNER_MAX_AGE - sourceAge),
		sourceAge,
	),
	minServed: 0,
	...privateOwner(sourceAge),
});
