/** Reads again what comparisons with the source don't show. */
import { type ResourceName, textOfName, UNLISTED_KINDS } from "../source/resource.ts";
import { keypairIdsOf } from "../source/source.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { countMissed, type Difference, repair, unreported } from "./repair.ts";
import { type RereadOptions, rereadFacts } from "./reread-facts.ts";

/**
 * Resources without a listing that are read again after each comparison, those first that were read longest ago; a few at
 * a time, because what a change is read by must not queue behind them.
 */
const UNLISTED = 200;
const UNLISTED_AT_ONCE = 4;
/** Earlier than any time: a stored one that lies ahead is read as 0. */
const NEVER = -1;

/** Reads at the polite pace, until the next comparison is due: first what guests can't be answered with as it is. */
export async function reread(options: RereadOptions): Promise<void> {
	const { store, unlistedFrom } = options;
	const unlisted: Difference[] = [];
	for (const kind of UNLISTED_KINDS) {
		for await (const page of store.revisions(kind)) {
			unlisted.push(...page.map(({ id, requestedAt }) => ({ kind, id, listedAt: requestedAt })));
		}
	}
	unlisted.push(...(await lackingDetails(store)));
	unlisted.sort((a, b) => a.listedAt - b.listedAt);
	const isUnproven = ({ listedAt }: Difference) => listedAt !== NEVER && listedAt < unlistedFrom;
	// Key pairs first: many servers may have the same.
	const isKeypair = ({ kind }: Difference) => Number(kind === "keypair");
	await rereadUnlisted(
		unlisted.filter(isUnproven).toSorted((a, b) => isKeypair(b) - isKeypair(a)),
		options,
	);
	await rereadFacts(options);
	const others = unlisted.filter((one) => !isUnproven(one));
	for (const kind of UNLISTED_KINDS) {
		await rereadUnlisted(others.filter((one) => one.kind === kind).slice(0, UNLISTED), options);
	}
}

async function rereadUnlisted(names: readonly Difference[], options: RereadOptions): Promise<void> {
	const { clock, pace, until, isReported } = options;
	for (let at = 0; at < names.length; at += UNLISTED_AT_ONCE) {
		if (at > 0 && clock.now() >= until) return;
		const some = names.slice(at, at + UNLISTED_AT_ONCE).filter((name) => !isReported(name));
		const since = Math.min(...some.map(({ listedAt }) => listedAt));
		const changed = await pace(() => repair(some, options));
		if (changed.length > 0 && options.areSignalsComplete(since)) {
			countMissed(await unreported(changed, options), since, options);
		}
	}
}

/** What servers have and the mirror lacks, also because it was deleted: a key pair of the same name may be there again. */
async function lackingDetails(store: MirrorStore): Promise<Difference[]> {
	const lacking = new Map<string, Difference>();
	for await (const servers of store.scan("server")) {
		const keypairs = [...new Set(servers.flatMap(({ content }) => keypairIdsOf(content)))];
		const selectors = [
			{ kind: "keypair", ids: keypairs },
			{ kind: "server_details", ids: servers.map(({ id }) => id) },
		] as const;
		const { resources, deleted } = await store.read(selectors);
		const known = new Set(resources.map(textOfName));
		const deletedAt = new Map(deleted.map((one) => [textOfName(one), one.requestedAt]));
		const wanted = selectors.flatMap(({ kind, ids }) => ids.map((id): ResourceName => ({ kind, id })));
		for (const name of wanted) {
			const text = textOfName(name);
			if (!known.has(text)) lacking.set(text, { ...name, listedAt: deletedAt.get(text) ?? NEVER });
		}
	}
	return [...lacking.values()];
}
