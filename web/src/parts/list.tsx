/** What views of long lists have: a search and pages, both in the address. */
import { useEffect, useRef } from "preact/hooks";
import { place, setParameters } from "../lib/router.tsx";

/** @param hint what is searched */
export function SearchInput({ hint }: { readonly hint: string }) {
	const input = useRef<HTMLInputElement>(null);
	useEffect(() => {
		const focus = (event: KeyboardEvent) => {
			const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
			if (event.key !== "/" || isTyping) return;
			event.preventDefault();
			input.current?.focus();
		};
		window.addEventListener("keydown", focus);
		return () => window.removeEventListener("keydown", focus);
	}, []);
	return (
		<label class="wide">
			<span class="hidden">Search</span>
			<input
				ref={input}
				type="search"
				name="q"
				maxLength={200}
				placeholder={`${hint}  ( / )`}
				value={place.value.parameters.get("q") ?? ""}
				onInput={({ currentTarget }) => setParameters({ q: currentTarget.value, cursor: "" })}
			/>
		</label>
	);
}

/** A search without filters. */
export function SearchBox({ hint }: { readonly hint: string }) {
	return (
		<search>
			<form class="filters" onSubmit={(event) => event.preventDefault()}>
				<SearchInput hint={hint} />
			</form>
		</search>
	);
}

/** @param next the cursor of the next page */
export function PageButtons({ next }: { readonly next: string | undefined }) {
	const isFirst = !place.value.parameters.has("cursor");
	if (isFirst && next === undefined) return null;
	return (
		<nav class="pages" aria-label="Pages">
			<button type="button" disabled={isFirst} onClick={() => setParameters({ cursor: "" }, { push: true })}>
				First page
			</button>
			<button
				type="button"
				disabled={next === undefined}
				onClick={() => setParameters({ cursor: next ?? "" }, { push: true })}
			>
				Next page
			</button>
		</nav>
	);
}
