/**
 * The README's figures about the renderers: `npm run bench:render`, or `npm run bench:render -- --short` for a quick look.
 * Both sides convert the text of documents to the text of files, one document at a time, in one thread. They take turns.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { readNetworkData } from "../src/documents/read-network-data.ts";
import { FORMATS, type Format, render } from "../src/render/index.ts";
import { guestDocuments, namesOf } from "../test/render/guest-documents.ts";
import { cloudInitPath, cloudInitVersion, hasCloudInit } from "../test/system/cloud-init.ts";
import { median } from "./measure.ts";

const short = process.argv.includes("--short");
const rounds = short ? { count: 3, seconds: 0.3 } : { count: 9, seconds: 1 };
const THEIRS: Readonly<Partial<Record<Format, string>>> = {
	ifcfg: "sysconfig",
	ifupdown: "eni",
	netplan: "netplan",
	networkd: "networkd",
	networkmanager: "network-manager",
};

const documents = (await guestDocuments()).map(([, data]) => [JSON.stringify(data), namesOf(data)] as const);
const [processor] = cpus();
console.log(
	`${processor?.model}, Node.js ${process.version}, cloud-init ${hasCloudInit ? cloudInitVersion() : "missing"}`,
);
console.log(`\n${documents.length} documents, from their text to the files' text; documents a second`);
const python = hasCloudInit ? startPython() : undefined;
for (const format of FORMATS) await report(format);
python?.end();
reportImport();

async function report(format: Format): Promise<void> {
	const theirFormat = THEIRS[format];
	const ours: number[] = [];
	const theirs: number[] = [];
	ourRate(format, rounds.seconds);
	for (let round = 0; round < rounds.count; round++) {
		ours.push(ourRate(format, rounds.seconds));
		if (python && theirFormat) theirs.push(await python.rate(theirFormat, rounds.seconds));
	}
	const beside = theirs.length === 0 ? "" : ratioText(median(ours), median(theirs));
	console.log(`  ${format.padEnd(16)}${number(median(ours))}${beside}`);
}

function ratioText(ours: number, theirs: number): string {
	return `   cloud-init ${number(theirs)}   ${(ours / theirs).toFixed(1)} times as many (at least 5 are wanted)`;
}

function ourRate(format: Format, seconds: number): number {
	const start = performance.now();
	let done = 0;
	while (performance.now() - start < seconds * 1000) {
		for (const [text] of documents) render(format, readNetworkData(JSON.parse(text)).data);
		done += documents.length;
	}
	return (done * 1000) / (performance.now() - start);
}

function startPython() {
	const script = new URL("net_convert.py", import.meta.url).pathname;
	const env = { ...process.env, PYTHONPATH: cloudInitPath };
	const child = spawn("/usr/bin/python3", [script], { env, stdio: ["pipe", "pipe", "inherit"] });
	const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
	const byMac = (names: ReadonlyMap<string, string>) =>
		Object.fromEntries([...names].map(([name, mac]) => [mac, name]));
	child.stdin.write(`${JSON.stringify(documents.map(([text, names]) => [text, byMac(names)]))}\n`);
	return {
		async rate(format: string, seconds: number): Promise<number> {
			child.stdin.write(`${format} ${seconds}\n`);
			const line = await lines.next();
			if (line.done) throw new Error("cloud-init's side has ended");
			return Number(line.value);
		},
		end: () => void child.stdin.end(),
	};
}

/** What importing the library costs compared with an empty program: the published files, after `npm run build`. */
function reportImport(): void {
	const isBuilt = existsSync(new URL("../dist/render/index.js", import.meta.url));
	const place = (path: string) => (isBuilt ? `./dist/${path}.js` : `./src/${path}.ts`);
	const empty = startMilliseconds("");
	console.log(`\nimport, ${isBuilt ? "as published" : "from the sources (npm run build for the published form)"}`);
	for (const path of ["render/index", "check/index", "documents/read-network-data", "cli/serve"]) {
		const cost = startMilliseconds(`await import("${place(path)}")`) - empty;
		console.log(`  ${path.padEnd(30)}${number(cost)} ms`);
	}
}

function startMilliseconds(code: string): number {
	const cwd = new URL("..", import.meta.url).pathname;
	const times = Array.from({ length: short ? 3 : 9 }, () => {
		const start = performance.now();
		execFileSync(process.execPath, ["--input-type=module", "-e", code], { cwd });
		return performance.now() - start;
	});
	return median(times);
}

function number(value: number): string {
	return Math.round(value).toLocaleString("en").padStart(8);
}
