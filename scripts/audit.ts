/**
 * Known vulnerabilities of the packages that users install: the exit status is 1 if there are any. A registry that offers
 * no audit, such as a mirror, is named, and nothing is judged then.
 */
import { spawnSync } from "node:child_process";

interface Report {
	readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
	readonly metadata?: { readonly dependencies: { readonly total: number } };
	readonly message?: string;
}

const { stdout } = spawnSync("npm", ["audit", "--json", "--omit=dev"], { encoding: "utf8" });
const { vulnerabilities, metadata, message }: Report = JSON.parse(stdout);
if (vulnerabilities === undefined || metadata === undefined) {
	console.log(`not audited: ${message ?? "npm gave no reason"}`);
} else {
	const found = Object.entries(vulnerabilities);
	for (const [name, { severity, range }] of found) console.log(`${name} ${range}: ${severity}`);
	console.log(`${found.length} of ${metadata.dependencies.total} packages have known vulnerabilities`);
	if (found.length > 0) process.exitCode = 1;
}
