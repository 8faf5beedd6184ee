/** The page's addresses: paths for views, parameters for what a view shows. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export interface Place {
	readonly path: string;
	readonly parameters: URLSearchParams;
}

const here = (): Place => ({ path: location.pathname, parameters: new URLSearchParams(location.search) });

export const place = signal<Place>(here());
let moves = 0;
/** Whether a view other than the first one is shown. */
export const hasMoved = () => moves > 0;
window.addEventListener("popstate", () => {
	moves++;
	place.value = here();
});

export function go(href: string, options: { readonly replace?: boolean } = {}): void {
	if (options.replace === true) history.replaceState(null, "", href);
	else {
		moves++;
		history.pushState(null, "", href);
		window.scrollTo(0, 0);
	}
	place.value = here();
}

/**
 * Changes parameters of this view; empty ones are left out.
 *
 * @param options.push whether the browser's Back undoes it, instead of leaving the view
 */
export function setParameters(
	changes: Readonly<Record<string, string>>,
	options: { readonly push?: boolean } = {},
): void {
	const parameters = new URLSearchParams(place.value.parameters);
	for (const [name, value] of Object.entries(changes)) {
		if (value === "") parameters.delete(name);
		else parameters.set(name, value);
	}
	const query = parameters.toString();
	go(place.value.path + (query && `?${query}`), { replace: options.push !== true });
}

export interface LinkProps {
	readonly href: string;
	readonly class?: string;
	readonly children: ComponentChildren;
	readonly current?: boolean;
}

/** A link within the page. */
export function Link({ href, current = false, children, ...rest }: LinkProps) {
	const follow = (event: MouseEvent) => {
		if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		event.preventDefault();
		go(href);
	};
	return (
		<a {...rest} href={href} onClick={follow} aria-current={current ? "page" : undefined}>
			{children}
		</a>
	);
}
