/** The documents as a library: from an instance's facts to the bytes that a guest gets. */
export { type CrossFault, crossCheck } from "./cross-check.ts";
export { driveTree } from "./drive-tree.ts";
export { buildTree, type GuestTree, staticAnswer } from "./guest-tree.ts";
export {
	type BondLink,
	EmittedNetworkDataSchema,
	type Link,
	type NetworkData,
	NetworkDataSchema,
	type NetworkEntry,
	type NetworkType,
	type PhysicalLink,
	type Route,
	type Service,
	type VlanLink,
} from "./network-data.ts";
export { networkData } from "./network-data-full.ts";
export { novaNetworkData } from "./network-data-nova.ts";
export { EXPOSABLE, type Expose, networkPorts } from "./network-ports.ts";
export { needOf, normalizePath, PASSWORD_PATH } from "./paths.ts";
export { type ReadNetworkData, type Remark, readNetworkData } from "./read-network-data.ts";
export { type DocumentSettings, defaultSettings, type GuestFile } from "./settings.ts";
export type { MetadataTree, TreeAnswer } from "./tree.ts";
