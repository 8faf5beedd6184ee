/** A guest's native configuration, from its `network_data.json` alone. Pure functions, no I/O. */
import type { NetworkDescription } from "../documents/network-description.ts";
import { cloudInit } from "./cloud-init.ts";
import { dracut } from "./dracut.ts";
import { ifcfg } from "./ifcfg.ts";
import { ifupdown } from "./ifupdown.ts";
import { ignition } from "./ignition.ts";
import { iproute2 } from "./iproute2.ts";
import { planNetwork } from "./make-plan.ts";
import { netplan } from "./netplan.ts";
import { networkd } from "./networkd.ts";
import { networkmanager } from "./networkmanager.ts";
import { nmstate } from "./nmstate.ts";
import type { PlannedInterface } from "./plan.ts";
import type { Renderer, Rendering, RenderOptions } from "./renderer.ts";
import { systemdCredentials } from "./systemd-credentials.ts";

export type { Remark } from "../documents/reading.ts";
export type { RenderedFile, Rendering, RenderOptions } from "./renderer.ts";

/** The formats, by the names that users know. */
const RENDERERS = {
	"cloud-init": cloudInit,
	dracut,
	ifcfg,
	ifupdown,
	ignition,
	iproute2,
	netplan,
	networkd,
	networkmanager,
	nmstate,
	"systemd-credentials": systemdCredentials,
} as const satisfies Record<string, Renderer>;

/** The name of a format that `render` writes. */
export type Format = keyof typeof RENDERERS;
/** Every format, in alphabetical order. */
export const FORMATS = Object.keys(RENDERERS) as Format[] as readonly Format[];

/**
 * Writes a document as the files of one format.
 *
 * @returns the files, and a remark on everything that the format can't express or the document doesn't say clearly
 * @throws GuestwireError `usage` if a name in `options.names` is not a valid interface name, or is given twice
 */
export function render(format: Format, data: NetworkDescription, options: RenderOptions = {}): Rendering {
	const plan = planNetwork(data, options);
	const { files, remarks } = RENDERERS[format](plan);
	const addressed = plan.interfaces.filter(hasAddress).length;
	return { files, remarks: [...plan.remarks, ...remarks], interfaces: plan.interfaces.length, addressed };
}

function hasAddress({ addresses, dhcp4, routerAdvertisements }: PlannedInterface): boolean {
	return dhcp4 || routerAdvertisements || addresses.length > 0;
}
