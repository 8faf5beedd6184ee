/** Native configuration of a guest, from its `network_data.json` alone: pure functions, without I/O. */
import type { NetworkData } from "../documents/network-data.ts";
import { cloudInit } from "./cloud-init.ts";
import { ifcfg } from "./ifcfg.ts";
import { ifupdown } from "./ifupdown.ts";
import { iproute2 } from "./iproute2.ts";
import { planNetwork } from "./make-plan.ts";
import { netplan } from "./netplan.ts";
import { networkd } from "./networkd.ts";
import { networkmanager } from "./networkmanager.ts";
import { nmstate } from "./nmstate.ts";
import type { Renderer, Rendering, RenderOptions } from "./renderer.ts";

export type { Warning } from "./plan.ts";
export type { RenderedFile, Rendering, RenderOptions } from "./renderer.ts";

/** The targets, by the names that users know them by. */
const RENDERERS = {
	"cloud-init": cloudInit,
	ifcfg,
	ifupdown,
	iproute2,
	netplan,
	networkd,
	networkmanager,
	nmstate,
} as const satisfies Record<string, Renderer>;

/** What `render` can write: the name of a target. */
export type Format = keyof typeof RENDERERS;
export const FORMATS = Object.keys(RENDERERS) as Format[] as readonly Format[];

/**
 * Writes a document as one target's files.
 *
 * @returns the files, and a warning for all that the target can't express or the document doesn't say clearly
 * @throws GuestwireError `usage` when a name in `options.names` is no name of an interface, or is given twice
 */
export function render(format: Format, data: NetworkData, options: RenderOptions = {}): Rendering {
	const plan = planNetwork(data, options);
	const { files, warnings } = RENDERERS[format](plan);
	return { files, warnings: [...plan.warnings, ...warnings] };
}
