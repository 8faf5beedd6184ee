/** What a release consists of, as a CycloneDX document. */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EPOCH, manifest, ROOT, run } from "./tools.ts";

/** A package of which something is in the image. */
export interface DebianPackage {
	readonly name: string;
	readonly version: string;
	readonly architecture: string;
	readonly suite: string;
	/** An expression of SPDX. */
	readonly licence: string;
}

/** A component as npm writes it. */
interface Component {
	/** `preact@11.2.0` */
	readonly "bom-ref": string;
	readonly properties?: readonly { readonly name: string; readonly value: string }[];
}

interface Dependency {
	readonly ref: string;
	readonly dependsOn?: readonly string[];
}

/** A bill of materials as npm writes it. */
export interface Bill {
	readonly metadata: { readonly component: Component };
	readonly components: readonly Component[];
	readonly dependencies: readonly Dependency[];
}

/** What npm calls a package that only development needs. */
const DEVELOPMENT = "cdx:npm:package:development";

/**
 * What npm knows of the packages in the lock file. Takes a second, and a release needs it last.
 *
 * @throws Error if npm has no command for it
 */
export function npmBill(): Bill {
	try {
		return JSON.parse(run("npm", ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], { cwd: ROOT }));
	} catch (cause) {
		throw new Error("npm sbom failed: it needs npm 10.2 or newer, and Debian 12 and 13 have 9.2", { cause });
	}
}

/**
 * Writes the bill of materials: the production dependencies, what is bundled into the operators' page, the Node.js that the
 * Debian package and the image contain, and what the image has of Debian. npm's time and serial number are replaced, so
 * that one commit gives the same bytes. `npm run build` has to have run.
 *
 * @param folder where the document goes
 * @param bill npm's
 * @param debian what the image has of Debian
 */
export function writeSbom(folder: string, bill: Bill, debian: readonly DebianPackage[]): void {
	const bundled = bundledPackages(readFileSync(join(ROOT, "dist/web/licenses.md"), "utf8"));
	const packages = shipped(bill.components, withDependencies(bundled, bill.dependencies));
	const known = new Set([bill.metadata.component["bom-ref"], ...packages.map((one) => one["bom-ref"])]);
	const components = [...packages, nodeComponent(), ...debian.map(debianComponent)];
	const whole = {
		...bill,
		metadata: { ...bill.metadata, timestamp: new Date(EPOCH * 1000).toISOString() },
		components,
		dependencies: among(bill.dependencies, known),
		serialNumber: `urn:uuid:${uuidOf(JSON.stringify(components))}`,
	};
	const file = join(folder, `${manifest.name}-${manifest.version}.cdx.json`);
	writeFileSync(file, `${JSON.stringify(whole, null, "\t")}\n`);
}

/**
 * The packages in a page, from the headings that vite writes: `## preact - 11.2.0 (MIT)` is `preact@11.2.0`.
 *
 * @throws Error if there are none, which is no page of ours
 */
function bundledPackages(licences: string): Set<string> {
	const headings = licences.matchAll(/^## (\S+) - (\S+)/gm);
	const bundled = new Set(Array.from(headings, ([, name, version]) => `${name}@${version}`));
	if (bundled.size === 0) throw new Error("dist/web/licenses.md names no package");
	return bundled;
}

/** A package may itself be a bundle, which has its dependencies in its own files, as dagre has. */
function withDependencies(packages: ReadonlySet<string>, dependencies: readonly Dependency[]): Set<string> {
	const all = new Set(packages);
	const byRef = new Map(dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
	for (const one of all) for (const needed of byRef.get(one) ?? []) all.add(needed);
	return all;
}

/** What is bundled is a package for development only to npm. */
function shipped(components: readonly Component[], bundled: ReadonlySet<string>): Component[] {
	const isDevelopment = ({ properties = [] }: Component) => properties.some(({ name }) => name === DEVELOPMENT);
	return components.flatMap((one) => {
		if (!bundled.has(one["bom-ref"])) return isDevelopment(one) ? [] : [one];
		const properties = one.properties?.filter(({ name }) => name !== DEVELOPMENT) ?? [];
		return [{ ...one, scope: "required", properties }];
	});
}

function among(dependencies: readonly Dependency[], known: ReadonlySet<string>): Dependency[] {
	return dependencies
		.filter(({ ref }) => known.has(ref))
		.map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => known.has(one)) }));
}

function nodeComponent(): object {
	const { version, license } = JSON.parse(readFileSync(join(ROOT, "node_modules/node/package.json"), "utf8"));
	return {
		"bom-ref": `node@${version}`,
		type: "platform",
		name: "node",
		version,
		purl: `pkg:npm/node@${version}`,
		licenses: [{ license: { id: license ?? "MIT" } }],
	};
}

/** https://github.com/package-url/purl-spec: type deb. */
function debianComponent({ name, version, architecture, suite, licence }: DebianPackage): object {
	const [encodedName, encodedVersion] = [name, version].map(encodeURIComponent);
	return {
		"bom-ref": `debian/${name}@${version}`,
		type: "library",
		name,
		version,
		purl: `pkg:deb/debian/${encodedName}@${encodedVersion}?arch=${architecture}&distro=${suite}`,
		licenses: [{ expression: licence }],
	};
}

/** A UUID of version 8, made from text. */
function uuidOf(text: string): string {
	const hex = createHash("sha256").update(text).digest("hex");
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
