/** The image, unpacked by umoci and started by runc, in a network namespace with nothing but a loopback interface. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageAssets } from "../page-assets.ts";
import { program } from "../system/programs.ts";
import { until } from "./container.ts";
import { components, releaseFile } from "./release.ts";

const DOCUMENT = "http://127.0.0.1:8775/openstack/latest/network_data.json";
const OPERATOR = "http://127.0.0.1:8790";

describe("the image", () => {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-image-test-"));
	const name = `guestwire-${process.pid}`;
	const bundle = join(folder, "bundle");
	const runc = (...args: string[]) => [program("runc"), `--root=${folder}/runc`, ...args];
	const inside = (...args: string[]) =>
		execFileSync("ip", ["netns", "exec", name, ...args], { encoding: "utf8", stdio: "pipe" });

	beforeAll(() => {
		const archive = releaseFile(/-oci\.tar$/);
		const [, version] = /guestwire-([^/]*)-oci\.tar$/.exec(archive) ?? [];
		mkdirSync(join(folder, "layout"));
		execFileSync("tar", ["-xf", archive, "-C", join(folder, "layout")]);
		// The name that `podman load` gives it.
		const image = `${folder}/layout:localhost/guestwire:${version}`;
		execFileSync(program("umoci"), ["unpack", "--image", image, bundle], { stdio: "pipe" });
		adaptToHere(join(bundle, "config.json"), name);
		execFileSync("sh", ["-c", `ip netns add ${name} && ip -n ${name} link set lo up`]);
	});
	afterAll(() => {
		execFileSync("ip", ["netns", "del", name]);
		rmSync(folder, { recursive: true });
	});

	it("contains nothing but the application and its libraries, and no shell", () => {
		expect(readdirSync(join(bundle, "rootfs/usr/bin"))).toEqual(["guestwire"]);
		expect(readdirSync(join(bundle, "rootfs")).toSorted()).toEqual([
			...["etc", "lib", "lib64", "run", "tmp", "usr", "var"],
		]);
	});

	it("has its libraries and certificates in the bill of materials", () => {
		const debian = components().filter(({ purl }) => purl.startsWith("pkg:deb/debian/"));
		expect(debian.map(({ name }) => name).toSorted()).toEqual(["ca-certificates", "libc6", "libgcc-s1", "libstdc++6"]);
		const libraries = join(bundle, "rootfs/usr/lib", `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`);
		// The C library says itself which of Debian's versions it is.
		const { version } = debian.find(({ name }) => name === "libc6") ?? {};
		expect(readFileSync(join(libraries, "libc.so.6"), "latin1")).toContain(`(Debian GLIBC ${version})`);
	});

	/** Runs the image until it answers, and shuts it down. */
	async function answersOf(url: string, check: (answer: string) => void): Promise<void> {
		const { container, errors } = start();
		const answer = await until(() => {
			if (container.exitCode !== null) throw new Error(errors());
			try {
				return inside("curl", "-sf", url);
			} catch {
				return undefined;
			}
		});
		check(answer);
		const [kill = "", ...rest] = runc("kill", name, "TERM");
		execFileSync(kill, rest);
		expect(await once(container, "exit")).toEqual([0, null]);
	}

	function start() {
		const [command = "", ...args] = runc("run", "--bundle", bundle, name);
		const container = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
		let text = "";
		container.stderr.on("data", (chunk) => {
			text += chunk;
		});
		return { container, errors: () => text };
	}

	it("answers guests and operators as an ordinary user of a read-only root, and shuts down cleanly", async () => {
		const started = performance.now();
		await answersOf(DOCUMENT, (answer) => {
			const seconds = (performance.now() - started) / 1000;
			console.log(`image: the first answer comes ${seconds.toFixed(1)} s after the start`);
			expect(JSON.parse(answer).networks[0].ip_address).toBe("192.0.2.10");
			for (const path of pageAssets(inside("curl", "-sf", `${OPERATOR}/`))) {
				expect(inside("curl", "-sf", `${OPERATOR}${path}`).length).toBeGreaterThan(1000);
			}
		});
	});

	it("listens on port 80 where the host allows every user to, with a configuration that its group may read", async () => {
		mountConfiguration(bundle, join(folder, "etc"));
		const { container, errors } = start();
		expect(await once(container, "exit")).toEqual([1, null]);
		expect(errors()).toContain("can't listen on 127.0.0.1:80: permission denied");
		inside("sh", "-c", "echo 80 >/proc/sys/net/ipv4/ip_unprivileged_port_start");
		await answersOf("http://127.0.0.1/openstack", (answer) => expect(answer).toContain("latest"));
	});
});

/** As `podman run -v …:/etc/guestwire:ro` does. */
function mountConfiguration(bundle: string, source: string): void {
	const file = join(bundle, "config.json");
	const config = JSON.parse(readFileSync(file, "utf8"));
	mkdirSync(source, { mode: 0o750 });
	chownSync(source, 0, config.process.user.gid);
	const metadata = '[{ listen: "127.0.0.1:80", identity: fixed, instance: web-1 }]';
	const inventory = "/usr/share/guestwire/examples/inventory";
	writeFileSync(join(source, "guestwire.yaml"), `cloud: { files: { path: ${inventory} } }\nmetadata: ${metadata}\n`);
	config.mounts.push({ destination: "/etc/guestwire", type: "bind", source, options: ["rbind", "ro"] });
	writeFileSync(file, JSON.stringify(config));
}

/**
 * What an engine would decide: the network, no terminal, no capabilities for a user who is not root, a root that is not
 * written to, and state in memory.
 */
function adaptToHere(file: string, namespace: string): void {
	const config = JSON.parse(readFileSync(file, "utf8"));
	config.process.terminal = false;
	config.process.capabilities = {};
	config.root.readonly = true;
	config.mounts = config.mounts.filter(({ type }: { type: string }) => type !== "cgroup");
	for (const destination of ["/run/guestwire", "/var/lib/guestwire"]) {
		const options = ["mode=0700", `uid=${config.process.user.uid}`, `gid=${config.process.user.gid}`];
		config.mounts.push({ destination, type: "tmpfs", source: "tmpfs", options });
	}
	const others = config.linux.namespaces.filter(({ type }: { type: string }) => !["network", "cgroup"].includes(type));
	config.linux.namespaces = [...others, { type: "network", path: `/var/run/netns/${namespace}` }];
	delete config.linux.resources;
	writeFileSync(file, JSON.stringify(config));
}
