/** The check as a library: what is wrong with a `network_data.json`, and which clients it breaks. */
export { RULES } from "./catalogue.ts";
export { type CheckOptions, check, losingClients } from "./check.ts";
export type { Client } from "./clients/client.ts";
export { CLIENTS } from "./clients/index.ts";
export type { ClientName } from "./clients/names.ts";
export type { ClientEffect, EffectScope, Finding, Outcome, Severity } from "./finding.ts";
export { fractionsIn } from "./fractions.ts";
export type { Fault, Rule } from "./rule.ts";
export { describeScopes } from "./scopes.ts";
export { outsideUse, parseTarget, type Target } from "./targets.ts";
