/** The views in the page's navigation, by path, with their titles. The server and the page both read this list. */
export const VIEWS = {
	"/": "Instances",
	"/refusals": "Refusals",
	"/cloud": "Cloud",
	"/try": "Try",
} as const;

export type ViewPath = keyof typeof VIEWS;
