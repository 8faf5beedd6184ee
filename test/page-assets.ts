/**
 * Paths of the scripts and style sheets that the operators' page loads: `/assets/index-Bx1.js`.
 *
 * @param html what the operator server answers at `/`
 * @throws Error if that is not the page
 */
export function pageAssets(html: string): string[] {
	const paths = html.match(/\/assets\/[\w.-]+\.(js|css)/g);
	if (!html.includes('id="app"') || paths === null) throw new Error(`not the page: ${html.slice(0, 500)}`);
	return paths;
}
