/** Every client of the check. A new one is a table in a file of its own, and a line here. */
import { afterburn } from "./afterburn.ts";
import type { Client, ClientName } from "./client.ts";
import { cloudInit } from "./cloud-init.ts";
import { cloudbaseInit } from "./cloudbase-init.ts";
import { glean } from "./glean.ts";
import { nuageinit } from "./nuageinit.ts";
import { sriovNetworkOperator } from "./sriov-network-operator.ts";
import { talos } from "./talos.ts";
import { vyos } from "./vyos.ts";

/** In the order in which they are reported. */
export const CLIENTS: readonly Client[] = [
	cloudInit,
	cloudbaseInit,
	talos,
	glean,
	nuageinit,
	afterburn,
	vyos,
	sriovNetworkOperator,
];

export type { ClientName };
