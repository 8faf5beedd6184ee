/** For every rule of the check: a document that breaks it, and a similar one that does not. */
import type { CheckOptions } from "../../src/check/index.ts";
import { addressCases } from "./address-cases.ts";
import { bondOptionCases } from "./bond-option-cases.ts";
import { linkCases } from "./link-cases.ts";
import { networkCases } from "./network-cases.ts";
import { routeCases } from "./route-cases.ts";
import { supportCases } from "./support-cases.ts";
import { unrecordedCases } from "./unrecorded.ts";

export interface Case {
	readonly rule: string;
	/** The pointer that the finding has. */
	readonly at: string;
	readonly bad: unknown;
	readonly good: unknown;
	/** The guest's NICs, if the rule needs them. */
	readonly nics?: readonly string[];
	/** What else the check must be told to report the rule. */
	readonly options?: Pick<CheckOptions, "clients">;
	/** Why the bad document's text is not JSON. */
	readonly notJson?: string;
}

/** Those whose documents are part of the recorded walk. */
export const RECORDED_CASES: readonly Case[] = [
	linkCases,
	networkCases,
	addressCases,
	routeCases,
	supportCases,
	bondOptionCases,
].flat();

export const CASES: readonly Case[] = [...RECORDED_CASES, ...unrecordedCases];
