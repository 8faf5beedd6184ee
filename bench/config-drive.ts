/**
 * Config drives made in one process, compared with the programs that Nova runs for each drive: `npm run bench:config-drive`, or with
 * `--short` for a quick look. Both sides end with the image in memory, and take turns so that a busy machine slows both.
 * Exits with 1 if a target is missed, except for the quick look, whose figures are less reliable.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { buildConfigDrive, type ConfigDriveOptions, readConfigDrive } from "../src/config-drive/index.ts";
import type { MetadataTree } from "../src/documents/tree.ts";
import { median } from "./measure.ts";

const SHORT = process.argv.includes("--short");
const ROUNDS = SHORT ? 10 : 60;
/** Number of our drives per drive of theirs, so that both take a measurable time. */
const BATCH = 50;

/** A drive made by a real Nova: user data, an injected file, eleven versions. */
const recorded = new URL("../test/fixtures/zed-config-drives/h1-full.iso.gz", import.meta.url);
const tree = readConfigDrive(gunzipSync(readFileSync(recorded)));
const date = new Date("2026-01-01T00:00:00Z");

interface Rival {
	readonly title: string;
	readonly wanted: number;
	readonly options: ConfigDriveOptions;
	/** Runs the programs on a folder of files; returns the image's path. */
	make(files: string, folder: string): string;
}

const rivals: readonly Rival[] = [
	{
		title: "ISO 9660 beside genisoimage",
		wanted: 20,
		options: { date },
		make(files, folder) {
			const image = join(folder, "iso");
			const names = ["-ldots", "-allow-lowercase", "-allow-multidot", "-l"];
			const rest = ["-publisher", "OpenStack Nova 26.2.2", "-quiet", "-J", "-r", "-V", "config-2", files];
			execFileSync("genisoimage", ["-o", image, ...names, ...rest], { stdio: "ignore" });
			return image;
		},
	},
	{
		title: "VFAT of 64 MiB beside mkfs.vfat and mcopy",
		wanted: 5,
		options: { date, format: "vfat", sizeMiB: 64 },
		make(files, folder) {
			const image = join(folder, "vfat");
			execFileSync("truncate", ["-s", "64M", image]);
			execFileSync("mkfs.vfat", ["-n", "config-2", image], { stdio: "ignore" });
			execFileSync("mcopy", ["-s", "-Q", "-i", image, join(files, "ec2"), join(files, "openstack"), "::/"]);
			return image;
		},
	},
];

/** As Nova does: the files are written, the programs run, the image is read. */
function theirs(rival: Rival): number {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-bench-"));
	const start = performance.now();
	writeFiles(tree, join(folder, "files"));
	readFileSync(rival.make(join(folder, "files"), folder));
	const milliseconds = performance.now() - start;
	rmSync(folder, { recursive: true });
	return milliseconds;
}

function writeFiles(tree: MetadataTree, folder: string): void {
	for (const path of tree.paths()) {
		mkdirSync(join(folder, dirname(path)), { recursive: true });
		writeFileSync(join(folder, path), tree.read(path) ?? "");
	}
}

function ours({ options }: Rival): number {
	const start = performance.now();
	for (let count = 0; count < BATCH; count++) buildConfigDrive(tree, options);
	return (performance.now() - start) / BATCH;
}

function compare(rival: Rival): void {
	// Compiled and cached, as in a service that makes many drives.
	for (let count = 0; count < 10; count++) ours(rival);
	theirs(rival);
	const times = Array.from({ length: ROUNDS }, () => ({ ours: ours(rival), theirs: theirs(rival) }));
	const mine = median(times.map((round) => round.ours));
	const other = median(times.map((round) => round.theirs));
	console.log(`\n${rival.title}, medians of ${ROUNDS} rounds`);
	console.log(`  guestwire     ${rate(mine)} drives/s`);
	console.log(`  the programs  ${rate(other)} drives/s`);
	if (!SHORT && other / mine < rival.wanted) process.exitCode = 1;
	console.log(`  ratio         ${(other / mine).toFixed(1).padStart(8)} (at least ${rival.wanted} is wanted)`);
}

function rate(milliseconds: number): string {
	return Math.round(1000 / milliseconds)
		.toLocaleString("en")
		.padStart(8);
}

/**
 * Memory for one drive with 60 MiB of user data, besides the tree: the process's peak minus its size before. Encoded, what
 * can't be compressed takes more than Ironic accepts: there, it is 40 MiB.
 */
const MEMORY = `
import { streamConfigDrive, buildConfigDrive } from "./src/config-drive/index.ts";
const [how, format] = process.argv.slice(1);
const userData = Buffer.alloc((how === "gzip-base64" ? 40 : 60) * 2 ** 20);
for (let offset = 0; offset < userData.length; offset += 4) userData.writeUInt32LE(Math.imul(offset, 2654435761) >>> 0, offset);
const tree = { paths: () => ["openstack/latest/user_data"], read: () => userData };
const before = process.resourceUsage().maxRSS;
let size = 0;
if (how === "whole") size = buildConfigDrive(tree, { format }).length;
else for await (const chunk of streamConfigDrive(tree, { format }, how).chunks()) size += chunk.length;
console.log((process.resourceUsage().maxRSS - before) / 1024, size / 2 ** 20);
`;

function measureMemory(how: string, format: string): void {
	const cwd = new URL("..", import.meta.url);
	const script = ["--input-type=module", "-e", MEMORY, how, format];
	const [peak = 0, size = 0] = execFileSync(process.execPath, script, { cwd, encoding: "utf8" }).split(" ").map(Number);
	const most = Math.ceil(size) + 8;
	if (!SHORT && how === "whole" && peak >= most) process.exitCode = 1;
	const wanted = how === "whole" ? ` (under ${most} are wanted)` : "";
	console.log(
		`  ${`${format}, ${how}`.padEnd(22)}${peak.toFixed(1).padStart(7)} MiB for ${size.toFixed(1)} MiB${wanted}`,
	);
}

const [processor] = cpus();
console.log(`${processor?.model}, ${cpus().length} processors, Node.js ${process.version}`);
for (const rival of rivals) compare(rival);
console.log("\nMemory for one drive with 60 MiB of user data (encoded: 40 MiB), beside the user data itself");
for (const format of ["iso9660", "vfat"]) {
	for (const how of ["whole", "raw", "gzip-base64"]) measureMemory(how, format);
}
