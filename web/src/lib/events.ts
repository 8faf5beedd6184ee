/** What the service reports while the page is open. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { createEventStream, type StreamListener, type StreamMessage } from "./event-stream.ts";
import { session } from "./session.ts";

export type Topic = { readonly guest: string } | "guests" | "refusals";

/** Whether events arrive. */
export const isLive = signal(false);

const listeners = new Set<StreamListener>();
/** Milliseconds in which several events cause one reload. */
const SETTLE = 250;

let isWanted = false;
let isListening = false;
/** Starts or stops listening. */
let listen = listenTogether();

/** Listens while the page is visible, until it is closed. */
export function startEvents(): void {
	isWanted = true;
	update(document.hidden);
}

export function stopEvents(): void {
	isWanted = false;
	update(document.hidden);
}

document.addEventListener("visibilitychange", () => update(document.hidden));
window.addEventListener("pageshow", () => update(document.hidden));
window.addEventListener("pagehide", () => update(true));

function update(isHidden: boolean): void {
	const shouldListen = isWanted && !isHidden;
	if (shouldListen === isListening) return;
	isListening = shouldListen;
	if (!shouldListen) isLive.value = false;
	listen(shouldListen);
}

/** By the stream that all windows of the browser share. */
function listenTogether(): (isOn: boolean) => void {
	try {
		const worker = new SharedWorker(new URL("./events-worker.ts", import.meta.url), { type: "module" });
		const giveUp = () => {
			worker.port.onmessage = null;
			worker.port.postMessage(false);
			listen = listenAlone();
			listen(isListening);
		};
		worker.addEventListener("error", giveUp, { once: true });
		worker.port.onmessage = ({ data }) => receive(data);
		return (isOn) => worker.port.postMessage(isOn);
	} catch {
		// Some browsers have no shared workers, or none with some settings.
		return listenAlone();
	}
}

function listenAlone(): (isOn: boolean) => void {
	const stream = createEventStream();
	return (isOn) => (isOn ? stream.add(receive) : stream.remove(receive));
}

function receive(message: StreamMessage): void {
	// It may have been sent before this window stopped listening.
	if (!isListening) return;
	const { type } = message;
	if (type === "open" || type === "interrupted" || type === "refused") isLive.value = type === "open";
	// It asks for a token if the session has ended, and the service that was away is back.
	if (type === "refused" || (type === "open" && session.problem.value !== undefined)) session.load();
	for (const listener of listeners) listener(message);
}

function concerns(message: StreamMessage, topic: Topic): boolean {
	switch (message.type) {
		case "open":
			// What the views have was loaded before.
			return true;
		case "guests":
			return topic === "guests" || (typeof topic === "object" && message.ids.includes(topic.guest));
		case "all":
			return topic !== "refusals";
		// One of them may have nearly matched any guest.
		case "refusals":
			return true;
		default:
			return false;
	}
}

/** A number that grows when something has changed. */
export function useRevision(topic: Topic): number {
	const [revision, setRevision] = useState(0);
	const key = typeof topic === "object" ? topic.guest : topic;
	useEffect(() => {
		let timer: number | undefined;
		const listener = (message: StreamMessage) => {
			if (timer !== undefined || !concerns(message, topic)) return;
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
