import { networkmanager } from "./networkmanager.ts";
import type { Renderer } from "./renderer.ts";

/**
 * An Ignition configuration that places NetworkManager's keyfiles, for CoreOS and similar systems. Version 3.0.0 of the
 * specification is the oldest that every Ignition since 2.0 reads.
 *
 * Source: https://coreos.github.io/ignition/configuration-v3_0/
 */
export const ignition: Renderer = (plan) => {
	const { files, remarks } = networkmanager(plan);
	const config = {
		ignition: { version: "3.0.0" },
		storage: {
			files: files.map(({ path, mode, text }) => ({
				path: `/${path}`,
				mode,
				overwrite: true,
				contents: { source: `data:;base64,${Buffer.from(text).toString("base64")}` },
			})),
		},
	};
	return { files: [{ path: "config.ign", mode: 0o600, text: `${JSON.stringify(config, null, 2)}\n` }], remarks };
};
