/** Small parts that several views have. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { describeScopes } from "../../../src/check/scopes.ts";
import type { Finding, Guest } from "../lib/api.ts";
import { hasMoved } from "../lib/router.tsx";
import { absoluteTime, relativeTime } from "../lib/text.ts";

const now = signal(Date.now());
setInterval(() => {
	now.value = Date.now();
}, 1000);

/** A time as people say it; the exact one on hover. */
export function Time({ at }: { readonly at: number }) {
	return (
		<time dateTime={new Date(at).toISOString()} title={absoluteTime(at)}>
			{relativeTime(at, now.value)}
		</time>
	);
}

const STATES: Readonly<Record<Guest["state"], string>> = {
	current: "up to date",
	failing: "failing",
	outdated: "out of date",
	asked: "asked",
	refused: "refused",
	never: "never asked",
};
export const STATE_NAMES = Object.entries(STATES) as [Guest["state"], string][];

export function StateBadge({ state, since }: { readonly state: Guest["state"]; readonly since?: number | undefined }) {
	return (
		<span class={`badge ${state}`}>
			{STATES[state]}
			{since !== undefined && (
				<>
					{" since "}
					<Time at={since} />
				</>
			)}
		</span>
	);
}

export interface MainProps {
	/** Of the window. */
	readonly title?: string;
	readonly class?: string;
	readonly children: ComponentChildren;
}

/** A view. After a link to it was followed, reading and tabbing continue at its start. */
export function Main({ title, class: style, children }: MainProps) {
	const element = useRef<HTMLElement>(null);
	useEffect(() => {
		document.title = title === undefined ? "Guestwire" : `${title} – Guestwire`;
	}, [title]);
	useEffect(() => {
		if (hasMoved()) element.current?.focus({ preventScroll: true });
	}, []);
	return (
		<main ref={element} tabIndex={-1} class={style ?? ""}>
			{children}
		</main>
	);
}

export function Problem({ message, children }: { readonly message: string; readonly children?: ComponentChildren }) {
	return (
		<div class="problem" role="alert">
			<p>{message}</p>
			{children}
		</div>
	);
}

/** Text with what is between backticks as code. */
export function withCode(text: string) {
	return text.split("`").map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part));
}

export function Empty({ children }: { readonly children: ComponentChildren }) {
	return <div class="empty">{children}</div>;
}

export function Loading() {
	return (
		<p class="empty" role="status">
			Loading…
		</p>
	);
}

export function Section({
	id,
	title,
	children,
}: {
	readonly id: string;
	readonly title: string;
	readonly children: ComponentChildren;
}) {
	return (
		<section aria-labelledby={id}>
			<h2 id={id}>{title}</h2>
			{children}
		</section>
	);
}

/** One entry of a list of facts. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
	return (
		<div>
			<dt>{name}</dt>
			<dd>{children}</dd>
		</div>
	);
}

/** What the check found. */
export function Findings({ findings, empty }: { readonly findings: readonly Finding[]; readonly empty: string }) {
	if (findings.length === 0) return <p class="good">{empty}</p>;
	return (
		<ul class="findings">
			{findings.map(({ rule, severity, pointer, message, fix, effects }) => (
				<li key={`${rule} ${pointer} ${message}`}>
					<p>
						<span class={`badge ${severity}`}>{severity}</span> <strong>{message}</strong> <code>{pointer || "/"}</code>
					</p>
					<p class="muted">
						{fix} <span>({rule})</span>
					</p>
					{effects.length > 0 && (
						<ul>
							{effects.map(({ client, text, scopes }) => {
								const where = describeScopes(scopes);
								return (
									<li key={`${client} ${where} ${text}`}>
										{client}
										{where !== "" && <span class="muted"> {where}</span>}: {text}
									</li>
								);
							})}
						</ul>
					)}
				</li>
			))}
		</ul>
	);
}

/** Saves text as a file. */
export function download(name: string, text: string): void {
	const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
	const link = document.createElement("a");
	link.href = url;
	link.download = name;
	link.click();
	URL.revokeObjectURL(url);
}

/** The head of a table. */
export function TableHead({ titles }: { readonly titles: readonly string[] }) {
	return (
		<thead>
			<tr>
				{titles.map((title) => (
					<th key={title} scope="col">
						{title}
					</th>
				))}
			</tr>
		</thead>
	);
}
