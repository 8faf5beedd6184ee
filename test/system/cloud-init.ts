import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Files } from "../render/meaning.ts";
import { filesBelow } from "../render/render-files.ts";
import { hasProgram, PYTHON, unpackedPackage } from "./programs.ts";

const cloudInit = unpackedPackage("cloud-init");

/** Whether `netConvert` can run here. */
export const hasCloudInit = cloudInit !== undefined && hasProgram(PYTHON);

/** Where Python finds cloud-init. */
export const cloudInitPath = join(cloudInit ?? "", "usr/lib/python3/dist-packages");

/** `22.4.2` */
export function cloudInitVersion(): string {
	if (cloudInit === undefined) return "0";
	const text = readFileSync(join(cloudInitPath, "cloudinit/version.py"), "utf8");
	return /__VERSION__ = "([0-9.]+)/.exec(text)?.[1] ?? "0";
}

export type CloudInitFormat = "eni" | "netplan" | "network-manager" | "networkd" | "sysconfig";

export interface Conversion {
	/** The document's text. */
	readonly document: string;
	readonly kind: "network_data.json" | "yaml";
	readonly format: CloudInitFormat;
	/** Name → MAC address. */
	readonly names: ReadonlyMap<string, string>;
}

/** What `cloud-init devel net-convert` makes of documents: the files, or the error's text. */
export async function netConvert(conversions: readonly Conversion[]): Promise<(Files | string)[]> {
	const folder = await mkdtemp(join(tmpdir(), "guestwire-net-convert-"));
	try {
		const jobs = await Promise.all(
			conversions.map(async ({ document, kind, format, names }, i) => {
				const path = join(folder, `${i}.in`);
				await writeFile(path, document);
				// Only the distribution's own paths depend on it.
				const distro = format === "sysconfig" || format === "network-manager" ? "rhel" : "debian";
				return {
					document: path,
					kind,
					format,
					distro,
					names: Object.fromEntries(names),
					out: join(folder, `${i}.out`),
				};
			}),
		);
		const errors: (string | null)[] = JSON.parse(await runPython("net-convert.py", JSON.stringify(jobs)));
		return await Promise.all(jobs.map(async ({ out }, i) => errors[i] ?? (await filesBelow(out))));
	} finally {
		await rm(folder, { recursive: true });
	}
}

function runPython(script: string, input: string): Promise<string> {
	return new Promise((resolve, reject) => {
		const path = join(import.meta.dirname, script);
		const options = { env: { ...process.env, PYTHONPATH: cloudInitPath }, maxBuffer: 2 ** 26 };
		const child = execFile(PYTHON, [path], options, (error, stdout, stderr) =>
			error ? reject(new Error(stderr, { cause: error })) : resolve(stdout),
		);
		child.stdin?.end(input);
	});
}
