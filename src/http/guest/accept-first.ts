/**
 * Accepts the connections that wait before it handles requests.
 *
 * Node accepts one connection per turn of the event loop (libuv's pull request 3696). When hundreds of guests connect at
 * once, a turn that handles the requests of those accepted already takes long: the last ones would be accepted only when
 * the first ones have been answered several times.
 */

export interface AcceptFirst {
	/** A connection has been accepted. */
	accepted(): void;
	/** Handles a request: at once, unless connections are being accepted or others wait. */
	handle(request: () => void): void;
}

/** Milliseconds of accepting after which a turn handles a request too: endless connections hold up nobody for longer. */
const MOST_ACCEPTING = 100;

export function createAcceptFirst(): AcceptFirst {
	const waiting: (() => void)[] = [];
	/** Whether a turn is scheduled. */
	let isBusy = false;
	let hasAccepted = false;
	/** When `isBusy` began. Milliseconds of the performance clock. */
	let since = 0;

	/**
	 * Runs after each look for connections and requests. One request per turn: node closes sockets and settles promises
	 * before the next.
	 */
	const turn = () => {
		const onlyAccepts = hasAccepted && performance.now() - since < MOST_ACCEPTING;
		const request = onlyAccepts ? undefined : waiting.shift();
		isBusy = hasAccepted || waiting.length > 0;
		hasAccepted = false;
		if (isBusy) setImmediate(turn);
		request?.();
	};
	return {
		accepted() {
			hasAccepted = true;
			if (isBusy) return;
			isBusy = true;
			since = performance.now();
			setImmediate(turn);
		},
		handle(request) {
			if (isBusy) waiting.push(request);
			else request();
		},
	};
}
