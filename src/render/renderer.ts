import type { Plan, Warning } from "./plan.ts";

export interface RenderedFile {
	/** Relative to the guest's root directory, without a leading slash: `etc/netplan/50-guestwire.yaml`. */
	readonly path: string;
	/** Permission bits: `0o600`. */
	readonly mode: number;
	readonly text: string;
}

export interface Rendering {
	readonly files: readonly RenderedFile[];
	/** All that the files don't carry of the document. */
	readonly warnings: readonly Warning[];
}

export interface RenderOptions {
	/** What the guest calls its NICs, by MAC address (any case). NICs not in it are `eth0`, `eth1` … */
	readonly names?: ReadonlyMap<string, string>;
}

/** Writes one target's files. Never throws; warns of what the target can't express (the plan's warnings not repeated). */
export type Renderer = (plan: Plan) => Rendering;
