/** The check as a library: what is wrong with a `network_data.json`, and which clients would choke on it. */
export { RULES } from "./catalogue.ts";
export { type CheckOptions, check, losingClients } from "./check.ts";
export { CLIENT_NAMES, CLIENTS, type Client } from "./clients.ts";
export type { ClientEffect, Finding, Outcome, Severity } from "./finding.ts";
export type { Effect, Rule } from "./rule.ts";
