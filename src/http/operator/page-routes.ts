/** The operators' page: static files that hold no data. A plugin for the operator server. */
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { VIEWS } from "./views.ts";

export interface PageRoutesOptions {
	/** The folder that the page was built into. Default: `dist/web` of the package. */
	readonly folder?: string | undefined;
}

interface File {
	readonly body: Buffer;
	readonly type: string;
}

const FOLDER = fileURLToPath(new URL("../../../dist/web", import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
};
/** Nothing from elsewhere, nothing inline, and no other site may frame it. */
const CSP = [
	"default-src 'none'",
	"script-src 'self'",
	"style-src 'self'",
	"img-src 'self' data:",
	"connect-src 'self'",
	"form-action 'self'",
	"base-uri 'none'",
	"frame-ancestors 'none'",
].join("; ");
const HEADERS = {
	"content-security-policy": CSP,
	"x-content-type-options": "nosniff",
	"referrer-policy": "no-referrer",
	"cross-origin-opener-policy": "same-origin",
};
/** The page's own addresses: it shows what they name. */
const ADDRESSES = [...Object.keys(VIEWS), "/instances/:id"];

/** The routes of the page. They need no token: the page asks for one. */
export const PAGE_ROUTES: ReadonlySet<string> = new Set([...ADDRESSES, "/assets/:name"]);

export async function pageRoutes(app: FastifyInstance, { folder = FOLDER }: PageRoutesOptions): Promise<void> {
	const index = readIndex(folder);
	const hidden = { schema: { hide: true } };
	for (const address of ADDRESSES) {
		app.get(address, hidden, async (_request, reply) => {
			if (index === undefined) {
				return reply.code(404).send({ message: "the page is not built: run npm run build" });
			}
			return reply
				.headers({ ...HEADERS, "cache-control": "no-cache" })
				.type(index.type)
				.send(index.body);
		});
	}
	const assets = readAssets(join(folder, "assets"));
	app.get<{ Params: { name: string } }>("/assets/:name", hidden, async ({ params }, reply) => {
		const file = assets.get(params.name);
		if (file === undefined) return reply.code(404).send({ message: "not found" });
		// Names contain a hash of the content.
		const caching = { "cache-control": "public, max-age=31536000, immutable" };
		return reply
			.headers({ ...HEADERS, ...caching })
			.type(file.type)
			.send(file.body);
	});
}

function readIndex(folder: string): File | undefined {
	try {
		return { body: readFileSync(join(folder, "index.html")), type: TYPES[".html"] ?? "" };
	} catch {
		return undefined;
	}
}

/** All of the page, some hundred kilobytes: a request never reaches the file system. */
function readAssets(folder: string): Map<string, File> {
	let names: string[];
	try {
		names = readdirSync(folder);
	} catch {
		return new Map();
	}
	return new Map(
		names.flatMap((name): [string, File][] => {
			const type = TYPES[extname(name)];
			return type === undefined ? [] : [[name, { body: readFileSync(join(folder, name)), type }]];
		}),
	);
}
