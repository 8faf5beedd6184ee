/** Announces to open pages what to load again. */

/** What a page that is open learns: reload what it shows of this. */
export type OverviewEvent =
	| { readonly type: "guests"; readonly ids: readonly string[] }
	/** Any guest may look different. */
	| { readonly type: "all" }
	| { readonly type: "refusals" };

export interface OverviewEvents {
	/** Guests look different. Undefined: any may. */
	guests(ids: readonly string[] | undefined): void;
	refusals(): void;
	/** Whether there is a listener. */
	readonly isWatched: boolean;
	/** @returns ends it */
	listen(listener: (event: OverviewEvent) => void): () => void;
	close(): void;
}

/** Ids that one event names. */
const MAX_IDS = 200;
/** Milliseconds in which guests that look different are one event: each event makes every page search again. */
const SETTLE = 200;

/** @param onEvent called before each event */
export function createOverviewEvents(onEvent: () => void): OverviewEvents {
	const listeners = new Set<(event: OverviewEvent) => void>();
	let ids = new Set<string>();
	let timer: NodeJS.Timeout | undefined;

	function emit(event: OverviewEvent): void {
		onEvent();
		for (const listener of listeners) listener(event);
	}
	function take(): readonly string[] {
		clearTimeout(timer);
		timer = undefined;
		const taken = [...ids];
		ids = new Set();
		return taken;
	}
	return {
		guests(some) {
			for (const id of some ?? []) ids.add(id);
			if (some === undefined || ids.size > MAX_IDS) {
				take();
				emit({ type: "all" });
			} else timer ??= setTimeout(() => emit({ type: "guests", ids: take() }), SETTLE).unref();
		},
		refusals: () => emit({ type: "refusals" }),
		get isWatched() {
			return listeners.size > 0;
		},
		listen(listener) {
			listeners.add(listener);
			return () => listeners.delete(listener);
		},
		close: () => void take(),
	};
}
