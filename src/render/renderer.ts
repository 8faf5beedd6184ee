import type { Remark } from "../documents/reading.ts";
import type { Plan } from "./plan.ts";

/** A file to be written into the guest. */
export interface RenderedFile {
	/** Relative to the guest's root directory: `etc/netplan/50-guestwire.yaml`. */
	readonly path: string;
	/** Permission bits: `0o600`. */
	readonly mode: number;
	readonly text: string;
}

/** What one format makes of a plan. */
export interface FormatOutput {
	readonly files: readonly RenderedFile[];
	/** What the files don't carry of the document, or carry in another form. */
	readonly remarks: readonly Remark[];
}

/** The result of rendering. */
export interface Rendering extends FormatOutput {
	/** The number of interfaces in the files. 0: the document has nothing that a guest can use. */
	readonly interfaces: number;
	/** The number of interfaces with an address or a way to get one. */
	readonly addressed: number;
}

/** The options of `render`. */
export interface RenderOptions {
	/** The names of the guest's NICs, by MAC address (any case). Other NICs are called `eth0`, `eth1` … */
	readonly names?: ReadonlyMap<string, string>;
}

/** Writes the files of one format. Never throws. Its remarks say what the format can't express. */
export type Renderer = (plan: Plan) => FormatOutput;
