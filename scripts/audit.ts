/**
 * Known vulnerabilities of all packages. Development dependencies count, since some are in what users get: the page is built
 * of them, and the Debian package and the image contain node. The exit status is 1 if there are any, or if the registry can't
 * be asked. One that offers no audit, such as a mirror, is no failure: the line says that nothing was audited.
 */
import { spawnSync } from "node:child_process";

interface Report {
	readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
	readonly metadata?: { readonly dependencies: { readonly total: number } };
	/** What went wrong, with the status of the registry's response, if any. */
	readonly message?: string;
	readonly statusCode?: number;
}

/** A registry's responses to a request that it has no such thing for. */
const NO_AUDIT: readonly (number | undefined)[] = [404, 405, 501];

const { stdout } = spawnSync("npm", ["audit", "--json"], { encoding: "utf8" });
const { vulnerabilities, metadata, message, statusCode } = reportOf(stdout);
if (vulnerabilities === undefined || metadata === undefined) {
	const isOffered = !NO_AUDIT.includes(statusCode);
	const why = isOffered ? "the audit failed" : "the registry offers no audit, so nothing is known of vulnerabilities";
	console.log(`not audited: ${why} (${message ?? "npm gave no reason"})`);
	if (isOffered) process.exitCode = 1;
} else {
	const found = Object.entries(vulnerabilities);
	for (const [name, { severity, range }] of found) console.log(`${name} ${range}: ${severity}`);
	console.log(`${found.length} of ${metadata.dependencies.total} packages have known vulnerabilities`);
	if (found.length > 0) process.exitCode = 1;
}

function reportOf(text: string): Report {
	try {
		return JSON.parse(text);
	} catch {
		return {};
	}
}
