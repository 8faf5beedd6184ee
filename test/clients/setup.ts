import { suite } from "./suite.ts";

/** Makes what is missing before the first test's time starts to run. */
export default function setup(): void {
	for (const name of ["bookworm", "trixie"] as const) suite(name);
}
