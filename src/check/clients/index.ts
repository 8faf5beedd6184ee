/** Every client of the check. A new one is a name, a table in a file of its own, and a line here. */
import { afterburn } from "./afterburn.ts";
import type { Client } from "./client.ts";
import { cloudInit } from "./cloud-init.ts";
import { cloudbaseInit } from "./cloudbase-init.ts";
import { glean } from "./glean.ts";
import { CLIENT_NAMES, type ClientName } from "./names.ts";
import { nuageinit } from "./nuageinit.ts";
import { sriovNetworkOperator } from "./sriov-network-operator.ts";
import { talos } from "./talos.ts";
import { vyos } from "./vyos.ts";

const TABLES: Readonly<Record<ClientName, Client>> = {
	"cloud-init": cloudInit,
	"cloudbase-init": cloudbaseInit,
	talos,
	glean,
	nuageinit,
	afterburn,
	vyos,
	"sriov-network-operator": sriovNetworkOperator,
};

/** In the order in which they are reported. */
export const CLIENTS: readonly Client[] = CLIENT_NAMES.map((name) => TABLES[name]);
