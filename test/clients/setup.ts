import { chosenSuites } from "./choice.ts";
import { suite } from "./suite.ts";

/** Makes what is missing before the first test's time starts to run. */
export default function setup(): void {
	for (const name of new Set(["bookworm", "trixie", ...chosenSuites] as const)) suite(name);
}
