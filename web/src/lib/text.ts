/** Numbers and times as people read them. */

const UNITS: readonly (readonly [seconds: number, name: Intl.RelativeTimeFormatUnit])[] = [
	[86_400, "day"],
	[3600, "hour"],
	[60, "minute"],
	[1, "second"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** @param at milliseconds since 1970 */
export function relativeTime(at: number, now: number): string {
	const seconds = Math.round((at - now) / 1000);
	const [size, unit] = UNITS.find(([least]) => Math.abs(seconds) >= least) ?? [1, "second"];
	return Math.abs(seconds) < 2 ? "just now" : relative.format(Math.trunc(seconds / size), unit);
}

export function absoluteTime(at: number): string {
	return absolute.format(at);
}

export function bytesText(bytes: number): string {
	return bytes < 10_000 ? `${bytes} B` : `${(bytes / 1000).toFixed(0)} kB`;
}

/** `0.3 s`, `12 s`, `5 minutes`. */
export function durationText(seconds: number): string {
	if (seconds < 0.1) return `${(seconds * 1000).toFixed(0)} ms`;
	if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
	return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}

/** `cloud-init 24.1`. */
export function clientText(client: string | undefined): string {
	return client?.replace("@", " ") ?? "unknown";
}

export function plural(count: number, one: string, many = `${one}s`): string {
	return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** JSON in a form that can be compared line by line; other texts as they are. */
export function readable(text: string): string {
	try {
		return JSON.stringify(JSON.parse(text), null, 2);
	} catch {
		return text;
	}
}
