/** The normalized model of an instance, and its assembly from facts as the OpenStack APIs return them. */
export { assemble } from "./assemble.ts";
export type * from "./bare-metal-facts.ts";
export { emptyFacts } from "./empty-facts.ts";
export type * from "./facts.ts";
export type * from "./instance.ts";
