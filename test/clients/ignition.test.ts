import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, shell, startHost } from "./host.ts";
import { suite } from "./suite.ts";
import { loadWiring } from "./wiring.ts";

/** Debian keeps it for the initramfs alone. */
const IGNITION = "/usr/lib/dracut/modules.d/30ignition/ignition";

describe("Ignition", () => {
	let host: Host;
	beforeAll(async () => {
		host = await startHost(await loadWiring("ignition"));
		// What an initramfs does by DHCP before Ignition starts.
		const commands = ["link set eth0 up", "addr add 192.0.2.90/24 dev eth0", "route add default via 192.0.2.1"];
		await shell(commands.map((command) => `ip -n ${host.guest} ${command}`).join("\n"));
	});
	afterAll(() => host?.close());

	it.each(["bookworm", "trixie"] as const)("of %s fetches its configuration over HTTP", async (name) => {
		const fetch = `${IGNITION} --platform openstack --stage fetch --log-to-stdout --config-cache /run/config --neednet /run/neednet`;
		const commands = `
			mount --make-rprivate /
			cd ${suite(name).root}
			mount -t proc proc proc
			mount -t tmpfs tmpfs run
			mount --bind /dev dev
			chroot . timeout 60 ${fetch} >&2
			cat run/config`;
		const cached = await shell(`ip netns exec ${host.guest} unshare -m sh -eu -c '${commands}'`);
		const { storage } = JSON.parse(cached);
		expect(storage.files).toMatchObject([{ path: "/etc/from-guestwire", contents: { source: "data:,yes" } }]);
	});
});
