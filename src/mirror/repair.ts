/** Reads again what may differ from the source, and counts what no signal had reported. */
import { type ResourceName, textOfName } from "../source/resource.ts";
import { isAway } from "./is-away.ts";
import type { MirrorStore } from "./mirror-store.ts";
import type { ReconcileOptions } from "./reconcile.ts";
import { selectorsOf } from "./selectors.ts";
import { reportedChanges } from "./silent-changes.ts";

/** A resource that may differ, and when what shows it was requested. */
export interface Difference extends ResourceName {
	readonly listedAt: number;
}

/** Resources that are repaired at a time. */
const REPAIRS = 100;

/** Reads the resources again, and returns those with a change that signals report. */
export async function repair(
	names: readonly ResourceName[],
	{ store, handle, doubts, signal }: Pick<ReconcileOptions, "store" | "handle" | "doubts" | "signal">,
): Promise<ResourceName[]> {
	/** One that can't be read must not keep the others from being repaired. */
	const tryOne = (name: ResourceName) =>
		handle(name).catch((error) => {
			if (signal.aborted || isAway(error) || doubts.add(name) === "full") throw error;
		});
	const changed: ResourceName[] = [];
	for (let at = 0; at < names.length; at += REPAIRS) {
		const some = names.slice(at, at + REPAIRS);
		const before = await contentsByName(some, store);
		await Promise.all(some.map(tryOne));
		const after = await contentsByName(some, store);
		const found = some.map((name) => {
			const text = textOfName(name);
			return { ...name, before: before.get(text), now: after.get(text) };
		});
		changed.push(...(await reportedChanges(found, store)));
	}
	return changed;
}

export async function contentsByName(
	names: readonly ResourceName[],
	store: Pick<MirrorStore, "read">,
): Promise<Map<string, object>> {
	const { resources } = await store.read(selectorsOf(names));
	return new Map(resources.map((one) => [textOfName(one), one.content]));
}

/** Those that were not read since they were listed. */
export async function stillDifferent(
	differences: readonly Difference[],
	store: Pick<MirrorStore, "read">,
): Promise<Difference[]> {
	const { resources, deleted } = await store.read(selectorsOf(differences));
	const readAt = new Map([...resources, ...deleted].map((one) => [textOfName(one), one.requestedAt]));
	return differences.filter((one) => (readAt.get(textOfName(one)) ?? 0) <= one.listedAt);
}

/** A change may be visible before its signal arrives: what one reports is then read once more. */
export async function unreported(
	changed: readonly ResourceName[],
	{ store, clock, grace, signal, isReported }: Omit<ReconcileOptions, "arePortsCurrent">,
): Promise<ResourceName[]> {
	const listedAt = clock.now();
	const others = changed.filter((name) => !isReported(name)).map(({ kind, id }) => ({ kind, id, listedAt }));
	if (others.length === 0) return [];
	await clock.sleep(grace, signal);
	return stillDifferent(others, store);
}

/** Counts changes since a time, if a signal should have reported them. */
export function countMissed(
	missed: readonly ResourceName[],
	since: number,
	{ events, areSignalsComplete }: Pick<ReconcileOptions, "events" | "areSignalsComplete">,
): void {
	if (!areSignalsComplete(since)) return;
	for (const [kind, some] of Map.groupBy(missed, (name) => name.kind)) {
		events.onMissedChanges(
			kind,
			some.map(({ id }) => id),
		);
	}
}
