/** What the service reports while the page is open. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { session } from "./session.ts";

export type Topic = { readonly guest: string } | "guests" | "refusals";

/** Whether events arrive. */
export const isLive = signal(false);

const listeners = new Set<(isAbout: (topic: Topic) => boolean) => void>();
/** Milliseconds in which several events cause one reload. */
const SETTLE = 250;

/** Milliseconds until a stream that was refused is requested again. */
const RETRY = 5000;

let source: EventSource | undefined;
let retry: number | undefined;
let isWanted = false;
/** Whether something may have happened since the views' data were loaded. */
let mayHaveMissed = false;

/** Listens until the page is closed, while it is visible. The browser connects again by itself. */
export function startEvents(): void {
	isWanted = true;
	connect();
}

// Browsers allow six connections to a host for all tabs together: hidden ones leave theirs to others.
document.addEventListener("visibilitychange", () => {
	if (document.hidden) disconnect();
	else connect();
});

function connect(): void {
	if (!isWanted || source !== undefined) return;
	if (document.hidden) {
		mayHaveMissed = true;
		return;
	}
	source = new EventSource("/api/events");
	source.onopen = () => {
		// What happened while nothing arrived is not repeated.
		if (mayHaveMissed) report(() => true);
		isLive.value = true;
		mayHaveMissed = true;
	};
	source.onerror = () => {
		isLive.value = false;
		// After an answer other than a stream the browser does not connect again.
		if (source?.readyState === EventSource.CLOSED) checkSession();
	};
	source.addEventListener("guests", ({ data }) => {
		const { ids } = JSON.parse(data) as { ids: readonly string[] };
		report((topic) => topic === "guests" || (typeof topic === "object" && ids.includes(topic.guest)));
	});
	source.addEventListener("all", () => report((topic) => topic !== "refusals"));
	source.addEventListener("refusals", () => report((topic) => topic === "refusals" || topic === "guests"));
}

/** Asks for a token if the session has ended, and tries again otherwise. */
async function checkSession(): Promise<void> {
	disconnect();
	await session.load();
	if (session.current.value?.role) retry = window.setTimeout(connect, RETRY);
}

export function stopEvents(): void {
	isWanted = false;
	disconnect();
}

function disconnect(): void {
	window.clearTimeout(retry);
	source?.close();
	source = undefined;
	isLive.value = false;
}

function report(isAbout: (topic: Topic) => boolean): void {
	for (const listener of listeners) listener(isAbout);
}

/** A number that grows when something has changed. */
export function useRevision(topic: Topic): number {
	const [revision, setRevision] = useState(0);
	const key = typeof topic === "object" ? topic.guest : topic;
	useEffect(() => {
		let timer: number | undefined;
		const listener = (isAbout: (topic: Topic) => boolean) => {
			if (!isAbout(topic) || timer !== undefined) return;
			timer = window.setTimeout(() => {
				timer = undefined;
				setRevision((last) => last + 1);
			}, SETTLE);
		};
		listeners.add(listener);
		return () => {
			listeners.delete(listener);
			window.clearTimeout(timer);
		};
	}, [key]);
	return revision;
}
