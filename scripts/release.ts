// Builds everything that is published, in release/: the npm package, the Debian package, the image, the bill of materials
// and the checksums. One commit gives the same bytes. Needs npm 10.2, Debian's binutils and dpkg, and for the image
// buildah and mmdebstrap.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stageApplication } from "./release/application.ts";
import { buildDeb } from "./release/deb.ts";
import { buildImage } from "./release/image.ts";
import { npmBill, writeSbom } from "./release/sbom.ts";
import { ROOT, run } from "./release/tools.ts";

// First, because it fails with an old npm.
const bill = npmBill();
const folder = join(ROOT, "release");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const staged = mkdtempSync(join(tmpdir(), "guestwire-release-"));
try {
	// Builds dist/ first.
	run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT });
	stageApplication(staged);
	await buildDeb(staged, folder);
	writeSbom(folder, bill, buildImage(staged, folder));
} finally {
	rmSync(staged, { recursive: true });
}
const files = readdirSync(folder).toSorted();
const sums = files.map(
	(name) =>
		`${createHash("sha256")
			.update(readFileSync(join(folder, name)))
			.digest("hex")}  ${name}\n`,
);
writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
for (const name of files) {
	console.log(`${(statSync(join(folder, name)).size / 2 ** 20).toFixed(1).padStart(8)} MiB  release/${name}`);
}
