/** The Debian package, installed, started, broken, upgraded and purged under systemd on a bare Debian. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SuiteName } from "../clients/suite.ts";
import { pageAssets } from "../page-assets.ts";
import { bootContainer, type Container, until } from "./container.ts";
import { releaseFile } from "./release.ts";

const GUEST = "http://127.0.0.1:8775";
const DOCUMENT = `${GUEST}/openstack/latest/network_data.json`;
/** Has a `random_seed` that depends on the state. */
const SEEDED = "openstack/latest/meta_data.json";
const OPERATOR = "http://127.0.0.1:8790";
const folder = mkdtempSync(join(tmpdir(), "guestwire-packages-"));

beforeAll(() => {
	copyFileSync(releaseFile(/\.deb$/), join(folder, "old.deb"));
	buildUpgrade();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The same package as version 99, with another configuration and another example. */
function buildUpgrade(): void {
	const root = join(folder, "new");
	execFileSync("dpkg-deb", ["-R", join(folder, "old.deb"), root]);
	const edit = (path: string, change: (text: string) => string) =>
		writeFileSync(join(root, path), change(readFileSync(join(root, path), "utf8")));
	edit("DEBIAN/control", (text) => text.replace(/^Version: .*$/m, "Version: 99"));
	edit("etc/guestwire/guestwire.yaml", (text) => `${text}\n# Of version 99.\n`);
	edit("usr/share/guestwire/examples/inventory/app-1.yaml", (text) => `${text}\n# Of version 99.\n`);
	execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "-b", root, join(folder, "new.deb")], { stdio: "ignore" });
	rmSync(root, { recursive: true });
}

describe.each<SuiteName>(["bookworm", "trixie"])("the package in %s", (suite) => {
	let container: Container;
	/** Runs a script, which must succeed. */
	const run = async (script: string) => {
		const { code, output } = await container.run(script);
		expect(code, `${script}\n${output}`).toBe(0);
		return output;
	};
	const mainPid = async () => (await run("systemctl show -P MainPID guestwire")).trim();
	const restarted = (old: string) =>
		until(async () => {
			const active = (await run("systemctl show -P ActiveState guestwire")).trim() === "active";
			const pid = await mainPid();
			return active && pid !== old && pid !== "0" ? pid : undefined;
		});
	const files = () =>
		run("find / -xdev \\( -path /proc -o -path /sys -o -path /tmp -o -path /run \\) -prune -o -print | sort");
	let before: string;
	/** What root's command has shown before the first start. */
	let shown: string;

	beforeAll(async () => {
		container = await bootContainer(suite, folder);
		before = await files();
	});
	afterAll(() => container.close());

	it("is installed by dpkg alone, and does not start an unconfigured service", async () => {
		await run("dpkg -i /release/old.deb");
		expect(await run("systemctl is-active guestwire || true")).toBe("inactive\n");
		expect(await run("stat -c '%U %G %a' /etc/guestwire /etc/guestwire/credentials /var/lib/guestwire")).toBe(
			"root guestwire 750\nroot root 700\nguestwire guestwire 700\n",
		);
		expect(await run("ls /etc/guestwire/inventory")).toBe("");
	});

	it("has commands for root that work before the first start, and leave the service files of its own", async () => {
		await run("guestwire doctor --config /etc/guestwire/guestwire.yaml");
		shown = await run(`guestwire show web-1 ${SEEDED} --config /etc/guestwire/guestwire.yaml`);
		expect(await run("stat -c '%U %G %a' /var/lib/guestwire/* | sort --unique")).toBe("guestwire guestwire 600\n");
	});

	it("starts within three seconds, the first time too, and answers a guest", async () => {
		const output = await run(`TIMEFORMAT=%R; time systemctl start guestwire; time curl -sSf ${DOCUMENT} >/tmp/answer`);
		const [start = Number.NaN, answer] = output.trim().split("\n").map(Number);
		console.log(`${suite}: the first systemctl start takes ${start} s, the first answer ${answer} s more`);
		expect(JSON.parse(await run("cat /tmp/answer")).networks[0].ip_address).toBe("192.0.2.10");
		expect(start).toBeLessThan(3);
	});

	it("has the state that root's commands have had", async () => {
		expect(await run(`curl -sSf ${GUEST}/${SEEDED}`)).toBe(shown);
	});

	it("serves the operators' page", async () => {
		const assets = pageAssets(await run(`curl -sSf ${OPERATOR}/`));
		for (const path of assets) expect((await run(`curl -sSf ${OPERATOR}${path}`)).length).toBeGreaterThan(1000);
	});

	it("is exposed at most at level 2.0", async () => {
		const output = await run("systemd-analyze security --no-pager guestwire.service");
		const level = Number(/Overall exposure level for guestwire.service: ([\d.]+)/.exec(output)?.[1]);
		console.log(`${suite}: systemd-analyze security: ${level}`);
		expect(level).toBeLessThanOrEqual(2);
	});

	it("runs as a user that cannot write its configuration, and keeps its state private", async () => {
		const pid = await mainPid();
		expect(await run(`stat -c %U /proc/${pid}; stat -c '%U %a' /var/lib/guestwire /var/lib/guestwire/state.db`)).toBe(
			"guestwire\nguestwire 700\nguestwire 600\n",
		);
		const write = "setpriv --reuid=guestwire --regid=guestwire --clear-groups touch /etc/guestwire/x";
		expect((await container.run(write)).code).not.toBe(0);
	});

	it("is started again after kill -9", async () => {
		const pid = await mainPid();
		await run(`kill -9 ${pid}`);
		await restarted(pid);
		await run(`curl -sSf ${DOCUMENT}`);
	});

	it("is started again when it hangs", async () => {
		await run(`mkdir -p /run/systemd/system/guestwire.service.d
			printf '[Service]\\nWatchdogSec=3s\\n' >/run/systemd/system/guestwire.service.d/test.conf
			systemctl daemon-reload; systemctl restart guestwire`);
		const pid = await mainPid();
		await run(`kill -STOP ${pid}`);
		await restarted(pid);
		expect(await run("journalctl --no-pager -u guestwire")).toContain("Watchdog timeout");
		await run("rm -r /run/systemd/system/guestwire.service.d; systemctl daemon-reload; systemctl restart guestwire");
	});

	it("passes secrets that only root can read, and listens in its folder for sockets and on port 80", async () => {
		await run(`cp -a /etc/guestwire/guestwire.yaml /tmp/
			(umask 077; echo -n secret >/etc/guestwire/credentials/proxy)
			cat >/etc/guestwire/guestwire.yaml <<-END
				cloud: { files: { path: /usr/share/guestwire/examples/inventory } }
				metadata:
				  - { listen: "127.0.0.1:80", identity: fixed, instance: web-1 }
				  - { listen: "unix:/run/guestwire/metadata.sock", identity: signed, sharedSecretFile: /run/credentials/guestwire.service/secret_proxy }
			END
			systemctl restart guestwire`);
		await run("curl -sSf http://127.0.0.1/openstack/latest/network_data.json");
		expect(await run("stat -c '%U %G %A' /run/guestwire/metadata.sock")).toMatch(/^guestwire guestwire srw.rw.---\n$/);
		await run(`curl -sSf --unix-socket /run/guestwire/metadata.sock http://x/openstack`);
		await run(
			"cp -a /tmp/guestwire.yaml /etc/guestwire/; rm /etc/guestwire/credentials/proxy; systemctl restart guestwire",
		);
	});

	it("reports a mistake in the configuration in the journal, once", async () => {
		await run("cp -a /etc/guestwire/guestwire.yaml /tmp/; echo 'metdata: 1' >>/etc/guestwire/guestwire.yaml");
		expect((await container.run("systemctl restart guestwire")).code).not.toBe(0);
		expect(await run("journalctl --no-pager -u guestwire -o cat")).toMatch(/metdata.*metadata/);
		// A service that is to be started again would be "activating".
		expect(await run("systemctl show -P ActiveState guestwire; systemctl show -P ExecMainStatus guestwire")).toBe(
			"failed\n78\n",
		);
		await run("cp -a /tmp/guestwire.yaml /etc/guestwire/; systemctl reset-failed guestwire; systemctl start guestwire");
	});

	it("is started again while the host lacks the address to listen on", async () => {
		await run(`cp -a /etc/guestwire/guestwire.yaml /tmp/
			sed -i 's/"127.*8775".*/"192.0.2.99:8775", identity: address }/' /etc/guestwire/guestwire.yaml`);
		expect((await container.run("systemctl restart guestwire")).code).not.toBe(0);
		expect(await run("systemctl show -P ActiveState guestwire")).toBe("activating\n");
		await run("cp -a /tmp/guestwire.yaml /etc/guestwire/; systemctl restart guestwire");
	});

	it("keeps the configuration and the state when it is upgraded, and runs the new version", async () => {
		await run(`echo '# mine' | tee -a /etc/guestwire/guestwire.yaml >/etc/guestwire/inventory/mine.yaml
			systemctl restart guestwire`);
		const pid = await mainPid();
		const seed = `curl -sSf http://127.0.0.1:8775/openstack/latest/meta_data.json | grep -o '"random_seed": "[^"]*"'`;
		const old = await run(seed);
		await run("dpkg --force-confdef --force-confold -i /release/new.deb");
		expect(await restarted(pid)).not.toBe(pid);
		expect(await run(seed)).toBe(old);
		expect(await run("tail -q -n 1 /etc/guestwire/guestwire.yaml /etc/guestwire/inventory/*")).toBe("# mine\n# mine\n");
		expect(await run("tail -n 1 /usr/share/guestwire/examples/inventory/app-1.yaml")).toBe("# Of version 99.\n");
	});

	it("has a manual page, and completions that the shells accept", async () => {
		expect(await run("man --warnings -l /usr/share/man/man1/guestwire.1.gz")).toMatch(
			/^GUESTWIRE\(1\)[\s\S]*--nocloud/,
		);
		await run("zsh -n /usr/share/zsh/vendor-completions/_guestwire");
		expect(await run(`fish -c 'complete -C "guestwire config-drive --format "'`)).toMatch(/^iso9660\b.*\nvfat\b.*\n$/);
		expect(
			await run(`. /usr/share/bash-completion/completions/guestwire
				COMP_WORDS=(guestwire render net) COMP_CWORD=2; _guestwire; printf '%s\\n' "\${COMPREPLY[@]}"`),
		).toMatch(/^netplan\nnetworkd\nnetworkmanager\n$/);
	});

	it("leaves nothing behind when it is purged, even if another user is in its group", async () => {
		await run("systemctl enable guestwire; usermod --append --groups guestwire daemon");
		await run("DEBIAN_FRONTEND=noninteractive apt-get purge -y guestwire");
		const added = (await files()).split("\n").filter((path) => !before.split("\n").includes(path));
		expect(
			added.filter((path) => !/^\/var\/(log|cache|lib\/(apt|dpkg|systemd))\/|^\/(root|etc\/\w+-$)/.test(path)),
		).toEqual([]);
		expect(await run("getent passwd guestwire; getent group guestwire; systemctl cat guestwire 2>&1 || true")).toMatch(
			/^No files found/,
		);
	});

	it("is installed, removed and installed again, still enabled, where systemd does not run, as in a chroot", async () => {
		const output = await run(`unshare --mount bash -ec '
			mount -t tmpfs tmpfs /run
			dpkg -i /release/old.deb
			systemctl enable guestwire
			dpkg --remove guestwire
			dpkg -i /release/old.deb
			systemctl is-enabled guestwire
			dpkg --purge guestwire'`);
		expect(output).toMatch(/^enabled$/m);
		expect(await run("find /etc/systemd -name 'guestwire*'")).toBe("");
	});
});
