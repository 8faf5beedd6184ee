/** For every rule of the check: a document that triggers it, and one that just does not. */
import { addressCases } from "./address-cases.ts";
import { linkCases } from "./link-cases.ts";
import { networkCases } from "./network-cases.ts";
import { routeCases } from "./route-cases.ts";

export interface Case {
	readonly rule: string;
	/** Where it is triggered. */
	readonly at: string;
	readonly bad: unknown;
	readonly good: unknown;
}

export const CASES: readonly Case[] = [linkCases, networkCases, addressCases, routeCases].flat();
