/** The service's server-sent events. */

export type StreamMessage =
	| { readonly type: "guests"; readonly ids: readonly string[] }
	| { readonly type: "all" | "refusals" }
	/** Events arrive from now on. What happened before is not repeated. */
	| { readonly type: "open" }
	/** No events arrive until the next `open`. */
	| { readonly type: "interrupted" }
	/** The same; the service has refused the stream: the session may have ended. */
	| { readonly type: "refused" };

export type StreamListener = (message: StreamMessage) => void;

export interface EventStream {
	add(listener: StreamListener): void;
	remove(listener: StreamListener): void;
}

/** Milliseconds until a stream that was refused is requested again. */
const RETRY = 5000;

/** One stream for all listeners; open while there are any. */
export function createEventStream(): EventStream {
	const listeners = new Set<StreamListener>();
	let source: EventSource | undefined;
	let retry: ReturnType<typeof setTimeout> | undefined;
	const tell = (message: StreamMessage) => {
		for (const listener of listeners) listener(message);
	};
	function connect(): void {
		disconnect();
		const own = new EventSource("/api/events");
		source = own;
		own.onopen = () => tell({ type: "open" });
		own.onerror = () => {
			// After an answer other than a stream the browser does not connect again by itself.
			const isRefused = own.readyState === EventSource.CLOSED;
			if (isRefused) {
				disconnect();
				retry = setTimeout(connect, RETRY);
			}
			tell({ type: isRefused ? "refused" : "interrupted" });
		};
		own.addEventListener("guests", ({ data }) => tell({ type: "guests", ids: JSON.parse(data).ids }));
		own.addEventListener("all", () => tell({ type: "all" }));
		own.addEventListener("refusals", () => tell({ type: "refusals" }));
	}
	function disconnect(): void {
		clearTimeout(retry);
		source?.close();
		source = undefined;
	}
	return {
		add(listener) {
			listeners.add(listener);
			if (source === undefined) connect();
			else if (source.readyState === EventSource.OPEN) listener({ type: "open" });
		},
		remove(listener) {
			listeners.delete(listener);
			if (listeners.size === 0) disconnect();
		},
	};
}
