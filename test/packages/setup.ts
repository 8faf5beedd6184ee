import { bareRoot } from "./container.ts";

/** Makes what is missing before the first test's time starts to run. */
export default function setup(): void {
	for (const name of ["bookworm", "trixie"] as const) bareRoot(name);
}
