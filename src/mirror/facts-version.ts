/** Which members of the records this version of Guestwire stores. */
import { createHash } from "node:crypto";
import * as bareMetal from "../instance/bare-metal-facts.ts";
import * as facts from "../instance/facts.ts";

/**
 * Differs between versions with different schemas of facts. A record that another version stored may lack members, and
 * nothing else shows that: its revision is the same.
 */
export const FACTS_VERSION = createHash("sha256")
	.update(JSON.stringify({ ...facts, ...bareMetal }))
	.digest("hex")
	.slice(0, 16);
