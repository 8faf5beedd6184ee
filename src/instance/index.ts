/** The normal form of an instance as a library: from facts as the APIs answer them to what documents are made of. */
export { assemble } from "./assemble.ts";
export type { InstanceFacts } from "./facts.ts";
export type { FixedIp, Instance, Network, Port, Server, Subnet, Trunk } from "./instance.ts";
