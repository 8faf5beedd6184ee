/** The container image, without a base from any registry: Debian's C library, the certificates and the application. */
import {
	chmodSync,
	chownSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DebianPackage } from "./sbom.ts";
import { EPOCH, type Manifest, manifest, run, setTimes } from "./tools.ts";

const SUITE = "trixie";
/** What Node.js is linked with, and the list of certificates: Debian's package → SPDX identifier of the copied files' licence. */
const PACKAGES: Readonly<Record<string, string>> = {
	libc6: "LGPL-2.1-or-later",
	"libgcc-s1": "GPL-3.0-or-later WITH GCC-exception-3.1",
	"libstdc++6": "GPL-3.0-or-later WITH GCC-exception-3.1",
	"ca-certificates": "MPL-2.0",
};
/** The user in the image. Above any that a host has. */
const USER = 65532;

/**
 * Builds the image. Needs root, buildah and mmdebstrap.
 *
 * @param application folder that stageApplication has written
 * @param folder where the image goes, as an archive in OCI's layout
 * @returns what it contains of Debian
 */
export function buildImage(application: string, folder: string): DebianPackage[] {
	const work = mkdtempSync(join(tmpdir(), "guestwire-image-"));
	try {
		const root = join(work, "root");
		const packages = copyDebian(work, root);
		cpSync(application, root, { recursive: true, verbatimSymlinks: true });
		addFiles(root);
		setTimes(root);
		commit(work, root, join(folder, `${manifest.name}-${manifest.version}-oci.tar`));
		return packages;
	} finally {
		rmSync(work, { recursive: true });
	}
}

/** What is copied out of the packages and of those that they depend on. */
const WANTED = [
	/^usr\/lib(64)?\/(.*-linux-gnu\/)?(ld-linux-|lib(c|dl|gcc_s|m|nss_\w+|pthread|resolv|stdc\+\+)\.so\.)[^/]+$/,
	/^usr\/share\/doc\/(ca-certificates|gcc-\d+-base|libc6)\/copyright$/,
];
const CERTIFICATES = "usr/share/ca-certificates/mozilla";

/** Writes the name, version and architecture of each unpacked package to the file `packages`. */
const LIST =
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-deb's own syntax
	'for deb in "$1"/var/cache/apt/archives/*.deb; do dpkg-deb -W --showformat="\\${Package} \\${Version} \\${Architecture}\\n" "$deb"; done >"$1/packages"';

/** Packages are unpacked and not installed: the image has no shell that their scripts could run in. */
function copyDebian(work: string, root: string): DebianPackage[] {
	const debian = join(work, "debian");
	const names = Object.keys(PACKAGES);
	const options = ["--quiet", "--mode=root", "--variant=extract", `--extract-hook=${LIST}`];
	run("mmdebstrap", [...options, `--include=${names.join(",")}`, SUITE, debian]);
	for (const path of readdirSync(debian, { recursive: true, encoding: "utf8" })) {
		if (WANTED.some((pattern) => pattern.test(path))) {
			cpSync(join(debian, path), join(root, path), { verbatimSymlinks: true });
		}
	}
	for (const name of ["lib", "lib64"]) {
		if (existsSync(join(root, "usr", name))) symlinkSync(`usr/${name}`, join(root, name));
	}
	// As ca-certificates' script writes it when the package is installed.
	const files = readdirSync(join(debian, CERTIFICATES)).toSorted();
	mkdirSync(join(root, "etc/ssl/certs"), { recursive: true });
	const certificates = files.map((name) => readFileSync(join(debian, CERTIFICATES, name), "utf8"));
	writeFileSync(join(root, "etc/ssl/certs/ca-certificates.crt"), certificates.join(""));
	return listed(readFileSync(join(debian, "packages"), "utf8"));
}

function listed(text: string): DebianPackage[] {
	return text
		.trim()
		.split("\n")
		.map((line) => line.split(" "))
		.flatMap(([name = "", version = "", architecture = ""]) => {
			const licence = PACKAGES[name];
			return licence === undefined ? [] : [{ name, version, architecture, suite: SUITE, licence }];
		});
}

function addFiles(root: string): void {
	writeFileSync(
		join(root, "etc/passwd"),
		`root:x:0:0:root:/:/nonexistent\nguestwire:x:${USER}:${USER}::/var/lib/guestwire:/nonexistent\n`,
	);
	writeFileSync(join(root, "etc/group"), `root:x:0:\nguestwire:x:${USER}:\n`);
	for (const path of ["run/guestwire", "var/lib/guestwire"]) {
		mkdirSync(join(root, path), { recursive: true });
		chmodSync(join(root, path), 0o700);
		chownSync(join(root, path), USER, USER);
	}
	mkdirSync(join(root, "tmp"));
	chmodSync(join(root, "tmp"), 0o1777);
	chmodSync(root, 0o755);
}

/** What `podman load` calls the image. A name without a slash would become the name, and `latest` the version. */
const imageName = ({ name, version }: Manifest) => `localhost/${name}:${version}`;

function commit(work: string, root: string, file: string): void {
	const storage = ["--root", join(work, "storage"), "--runroot", join(work, "run"), "--storage-driver", "vfs"];
	const buildah = (...args: string[]) => run("buildah", [...storage, ...args]).trim();
	const container = buildah("from", "scratch");
	run("cp", ["-a", `${root}/.`, buildah("mount", container)]);
	buildah("umount", container);
	buildah(
		...["config", "--user", `${USER}:${USER}`, "--workingdir", "/etc/guestwire"],
		...["--entrypoint", '["/usr/bin/guestwire"]', "--cmd", "serve --config /etc/guestwire/guestwire.yaml"],
		...["--env", "PATH=/usr/bin", "--env", "STATE_DIRECTORY=/var/lib/guestwire", "--volume", "/var/lib/guestwire"],
		...["--label", `org.opencontainers.image.version=${manifest.version}`],
		...[
			"--label",
			`org.opencontainers.image.source=${manifest.homepage}`,
			"--label",
			"org.opencontainers.image.licenses=Apache-2.0",
		],
		container,
	);
	buildah(
		"commit",
		"--quiet",
		"--disable-compression=false",
		"--timestamp",
		String(EPOCH),
		container,
		`oci-archive:${file}:${imageName(manifest)}`,
	);
}
