/** The host of docs/libvirt.md, set up with the files and the commands of the page. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SuiteName } from "../clients/suite.ts";
import { bootContainer } from "./container.ts";
import { releaseFile } from "./release.ts";

const page = readFileSync(new URL("../../docs/libvirt.md", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "guestwire-libvirt-"));

/** Path → text, of each file that the page shows. */
const files = Array.from(
	page.matchAll(/`(\/etc\/[^`]+)`:\n\n```\w+\n([\s\S]*?)```/g),
	([, path = "", text = ""]) => [path, text] as const,
);
const [commands = ""] = Array.from(page.matchAll(/```sh\n([\s\S]*?)```/g), ([, text = ""]) => text);

beforeAll(() => {
	copyFileSync(releaseFile(/\.deb$/), join(folder, "guestwire.deb"));
	for (const [path, text] of files) writeFileSync(join(folder, basename(path)), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each<SuiteName>(["bookworm", "trixie"])(
	"the host in %s serves its bridge, and is online without a guest",
	async (suite) => {
		expect(files.map(([path]) => basename(path))).toEqual(["br0.netdev", "br0.network", "lan.yaml", "guestwire.yaml"]);
		const container = await bootContainer(suite, folder);
		const run = async (script: string) => {
			const { code, output } = await container.run(`set -e; ${script}`);
			expect(code, `${script}\n${output}`).toBe(0);
			return output;
		};
		try {
			await run("dpkg -i /release/guestwire.deb");
			for (const [path] of files) await run(`cp /release/${basename(path)} ${path}`);
			await run(commands);
			await run("/usr/lib/systemd/systemd-networkd-wait-online --timeout=20");
			expect(await run("curl -sSf http://169.254.169.254/openstack")).toContain("latest");
			await run("guestwire config-drive web-1 --config /etc/guestwire/guestwire.yaml -o /tmp/web-1.iso");
		} finally {
			await container.close();
		}
	},
);
