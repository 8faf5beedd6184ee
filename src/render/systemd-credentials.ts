import { networkd } from "./networkd.ts";
import type { Renderer } from "./renderer.ts";

/**
 * The files of `networkd` as systemd credentials, which systemd-network-generator 256 and later turns into files in
 * /run/systemd/network. Two forms: JSON that systemd-imdsd (261) imports from user data, and SMBIOS strings for QEMU, one
 * argument of `-smbios` per line.
 *
 * Sources: systemd-network-generator.service(8), systemd.system-credentials(7)
 */
export const systemdCredentials: Renderer = (plan) => {
	const { files, remarks } = networkd(plan);
	const credentials = files.map(({ path, text }) => ({ name: credentialName(path), text }));
	const json = `${JSON.stringify({ "systemd.credentials": credentials }, null, 2)}\n`;
	const smbios = credentials.map(
		({ name, text }) => `type=11,value=io.systemd.credential.binary:${name}=${Buffer.from(text).toString("base64")}\n`,
	);
	return {
		files: [
			{ path: "user-data.json", mode: 0o600, text: json },
			{ path: "qemu-smbios", mode: 0o600, text: smbios.join("") },
		],
		remarks,
	};
};

/** `etc/systemd/network/10-guestwire-eth0.network` → `network.network.10-guestwire-eth0` */
function credentialName(path: string): string {
	const [, name = "", kind = ""] = /([^/]+)\.(network|netdev)$/.exec(path) ?? [];
	return `network.${kind}.${name}`;
}
