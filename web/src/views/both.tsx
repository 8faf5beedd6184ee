import type { ComponentChildren } from "preact";

/** A number of the last minutes, and the same since the service started. */
export function Both({ recent, all }: { readonly recent: ComponentChildren; readonly all: string }) {
	return (
		<>
			{recent} <small>({all})</small>
		</>
	);
}

/** What `Both` shows. */
export function BothNote() {
	return (
		<p class="muted">
			Counts and averages are those of the last five minutes, or of the time since this view was opened; those since the
			service started are in parentheses.
		</p>
	);
}
