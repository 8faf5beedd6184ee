/**
 * Holds the stream of events for all windows of a browser, which allows six connections to a host. A window posts `true`
 * to listen and `false` to stop.
 */
import { createEventStream, type StreamMessage } from "./event-stream.ts";

const stream = createEventStream();

addEventListener("connect", (event) => {
	const [port] = (event as MessageEvent).ports;
	if (port === undefined) return;
	const listener = (message: StreamMessage) => port.postMessage(message);
	port.onmessage = ({ data }) => (data === true ? stream.add(listener) : stream.remove(listener));
});
