/** Calls `next` with the value: at once if it is already there, without a turn of the event loop. */
export function andThen<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
	return value instanceof Promise ? value.then(next) : next(value);
}
