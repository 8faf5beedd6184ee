/** How long work keeps others waiting. */

/** What others had of the event loop while the work went on. */
export interface Turns {
	/** How often they had their turn. */
	readonly count: number;
	/** The CPU time that the longest turn of the work took, in milliseconds. */
	readonly longest: number;
}

export async function turnsDuring(work: () => Promise<unknown>): Promise<Turns> {
	const used = () => {
		const { user, system } = process.threadCpuUsage();
		return (user + system) / 1000;
	};
	let [count, last, longest] = [0, used(), 0];
	const look = () => {
		count++;
		longest = Math.max(longest, used() - last);
		last = used();
		immediate = setImmediate(look);
	};
	let immediate = setImmediate(look);
	await work();
	clearImmediate(immediate);
	return { count, longest: Math.max(longest, used() - last) };
}
