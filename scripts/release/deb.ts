/** The Debian package. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { HOME } from "./application.ts";
import { commandLine } from "./command-line.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./completions.ts";
import { manPage } from "./man-page.ts";
import { EPOCH, manifest, ROOT, run, setTimes } from "./tools.ts";

const MAINTAINER = "The Guestwire authors <guestwire@users.noreply.github.com>";

/** Node's names of processors → Debian's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * Builds the package.
 *
 * @param application folder that stageApplication has written
 * @param folder where the package goes
 * @returns the package's path
 */
export async function buildDeb(application: string, folder: string): Promise<string> {
	const root = mkdtempSync(join(tmpdir(), "guestwire-deb-"));
	try {
		chmodSync(root, 0o755);
		cpSync(application, root, { recursive: true, verbatimSymlinks: true });
		copyUnit(root);
		copyDocumentation(root);
		await writeCommandLine(root);
		writeControl(root);
		setTimes(root);
		const architecture = ARCHITECTURES[process.arch] ?? process.arch;
		const file = join(folder, `${manifest.name}_${manifest.version}_${architecture}.deb`);
		run("dpkg-deb", ["--root-owner-group", "-Zzstd", "-z9", "--build", root, file]);
		return file;
	} finally {
		rmSync(root, { recursive: true });
	}
}

function copyUnit(root: string): void {
	const copies = [
		["packaging/guestwire.service", "usr/lib/systemd/system/guestwire.service"],
		["packaging/sysusers.conf", "usr/lib/sysusers.d/guestwire.conf"],
	];
	for (const [from = "", to = ""] of copies) cpSync(join(ROOT, from), join(root, to));
	mkdirSync(join(root, "etc/guestwire/credentials"), { mode: 0o700 });
	mkdirSync(join(root, "etc/guestwire/inventory"), { mode: 0o755 });
}

function copyDocumentation(root: string): void {
	const docs = join(root, "usr/share/doc/guestwire");
	cpSync(join(ROOT, "docs"), join(docs, "docs"), { recursive: true });
	for (const name of ["README.md", "SECURITY.md"]) cpSync(join(ROOT, name), join(docs, name));
	const date = new Date(EPOCH * 1000);
	const compressed = {
		"CHANGELOG.md.gz": readFileSync(join(ROOT, "CHANGELOG.md")),
		"changelog.gz": debianChangelog(date),
	};
	for (const [name, text] of Object.entries(compressed)) writeFileSync(join(docs, name), gzipSync(text, { level: 9 }));
	writeFileSync(
		join(docs, "copyright"),
		`Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: ${manifest.name}
Source: ${manifest.homepage}
Comment: The licences of Node.js and of the libraries it contains are in ${HOME}/LICENSE.node, those of the
 npm packages in ${HOME}/node_modules, in each package's folder, and those of the packages that are bundled
 into the operators' page in ${HOME}/dist/web/licenses.md.

Files: *
Copyright: ${date.getUTCFullYear()} The Guestwire authors
License: Apache-2.0
 On Debian systems, the full text is in /usr/share/common-licenses/Apache-2.0.
`,
	);
}

/** One entry in Debian's form, which names the file that says more. */
function debianChangelog(date: Date): string {
	return `guestwire (${manifest.version}) stable; urgency=medium

  * See CHANGELOG.md.gz.

 -- ${MAINTAINER}  ${date.toUTCString().replace("GMT", "+0000")}
`;
}

async function writeCommandLine(root: string): Promise<void> {
	const commands = await commandLine();
	const date = new Date(EPOCH * 1000).toISOString().slice(0, 10);
	const files: Readonly<Record<string, string | Uint8Array>> = {
		"usr/share/man/man1/guestwire.1.gz": gzipSync(manPage(commands, { ...manifest, date }), { level: 9 }),
		"usr/share/bash-completion/completions/guestwire": bashCompletion(commands),
		"usr/share/zsh/vendor-completions/_guestwire": zshCompletion(commands),
		"usr/share/fish/vendor_completions.d/guestwire.fish": fishCompletion(commands),
	};
	for (const [path, contents] of Object.entries(files)) {
		mkdirSync(dirname(join(root, path)), { recursive: true });
		writeFileSync(join(root, path), contents);
	}
}

function writeControl(root: string): void {
	const control = join(root, "DEBIAN");
	mkdirSync(control, { mode: 0o755 });
	for (const script of ["postinst", "prerm", "postrm"]) {
		cpSync(join(ROOT, "packaging/debian", script), join(control, script));
		chmodSync(join(control, script), 0o755);
	}
	const configuration = filesBelow(join(root, "etc")).map((path) => `/${relative(root, path)}\n`);
	writeFileSync(join(control, "conffiles"), configuration.join(""));
	const bytes = filesBelow(root).reduce((sum, path) => sum + readFileSync(path).length, 0);
	writeFileSync(join(control, "control"), controlFile(Math.ceil(bytes / 1024)));
}

function filesBelow(folder: string): string[] {
	return readdirSync(folder, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => join(entry.parentPath, entry.name))
		.toSorted();
}

/** The versions of the libraries are those that Node.js was linked with. */
const controlFile = (kibibytes: number) => `Package: ${manifest.name}
Version: ${manifest.version}
Architecture: ${ARCHITECTURES[process.arch] ?? process.arch}
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 5.2), passwd, systemd (>= 252)
Recommends: ca-certificates, iproute2
Section: net
Priority: optional
Homepage: ${manifest.homepage}
Description: network configuration and metadata for cloud guests
 Guestwire is the metadata service that guests find at 169.254.169.254, and a
 builder of config drives: a replacement for nova-api-metadata in OpenStack
 clouds, and the same service from a folder of YAML for hosts without a cloud.
`;
