/** How many members the pages of a slow listing should have, learned from how long earlier pages took. */

export interface PageSize {
	/**
	 * Loads a page with as many members as can be expected within `TARGET`, and learns from it.
	 *
	 * @param most the most members wanted
	 * @param load loads a page with at most `limit` members
	 */
	measure<P>(most: number, load: (limit: number) => Promise<P>, membersOf: (page: P) => number): Promise<P>;
}

/** What a page should take. Longer pages fail together when the API is slow; shorter ones have more overhead. Milliseconds. */
const TARGET = 2000;
const FIRST = 250;
const LEAST = 20;
/** Nova's and Neutron's usual limit. */
const MOST = 1000;

export function createPageSize(now: () => number = () => performance.now()): PageSize {
	let size = FIRST;
	const resize = (wanted: number) => {
		size = Math.max(LEAST, Math.min(MOST, Math.floor(wanted)));
	};
	return {
		async measure(most, load, membersOf) {
			const [limit, started] = [Math.min(most, size), now()];
			try {
				const page = await load(limit);
				const members = membersOf(page);
				const perMember = (now() - started) / members;
				// A short page shows little, and one fast page is not enough to ask for the most.
				if (members * 2 >= limit) resize(Math.min(TARGET / perMember, Math.max(size, 2 * members)));
				return page;
			} catch (error) {
				if (now() - started > TARGET) resize(limit / 4);
				throw error;
			}
		},
	};
}
