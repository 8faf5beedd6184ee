import { createHash } from "node:crypto";
import type { Plugin, Rolldown } from "vite";

/**
 * Puts the script, the style sheet and the licences into the HTML file. A browser that opens a `file:` URL loads no module
 * from another file. The page's policy, `{inline}`, names the digests of both, so that no other script runs.
 */
export function oneFile(): Plugin {
	return {
		name: "guestwire-one-file",
		generateBundle: {
			// After vite has added the licences.
			order: "post",
			handler(_options, bundle) {
				const files = Object.values(bundle);
				const page = files.find((file) => file.type === "asset" && file.fileName.endsWith(".html"));
				if (page?.type !== "asset") return this.error("there is no HTML file to put the others into");
				const { html, sources } = inline(page.source.toString(), files);
				page.source = html.replace("{inline}", () => sources.join("; "));
				for (const file of files) if (file !== page) delete bundle[file.fileName];
			},
		},
	};
}

function inline(html: string, files: readonly (Rolldown.OutputAsset | Rolldown.OutputChunk)[]) {
	const sources: string[] = [];
	const textOf = (name: string) => {
		const file = files.find(({ fileName }) => name.endsWith(fileName));
		if (file === undefined) throw new Error(`${name} is not part of the page`);
		return file.type === "chunk" ? file.code : file.source.toString();
	};
	const element = (name: "script" | "style", attributes: string, text: string) => {
		// What looks like the end of the element would end it.
		const content = text.replaceAll(`</${name}`, `<\\/${name}`).replaceAll("<!--", "<\\!--");
		sources.push(`${name}-src 'sha256-${createHash("sha256").update(content).digest("base64")}'`);
		return `<${name}${attributes}>${content}</${name}>`;
	};
	const made = html
		.replace(/<script type="module"[^>]* src="([^"]+)"><\/script>/, (_, name) =>
			element("script", ' type="module"', textOf(name)),
		)
		.replace(/<link rel="stylesheet"[^>]* href="([^"]+)">/, (_, name) => element("style", "", textOf(name)));
	const licences = textOf("licenses.md").replaceAll("-->", "--&gt;");
	return { html: `${made}<!--\n${licences}-->\n`, sources };
}
