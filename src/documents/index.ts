/** The metadata documents: from an instance to the bytes that its guest gets. */
export { type CrossFault, crossCheck } from "./cross-check.ts";
export type { DefaultRoutes } from "./default-routes.ts";
export { driveTree } from "./drive-tree.ts";
export { buildTree, type GuestTree } from "./guest-tree.ts";
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
export { type NetworkDataOptions, networkData } from "./network-data-full.ts";
export { type NovaNetworkData, novaNetworkData } from "./network-data-nova.ts";
export type {
	DescribedBond,
	DescribedLink,
	DescribedNetwork,
	DescribedNic,
	DescribedRoute,
	DescribedVlan,
	NetworkDescription,
} from "./network-description.ts";
export { EXPOSABLE, type Expose, networkPorts } from "./network-ports.ts";
export { normalizePath } from "./paths.ts";
export { type ReadNetworkData, readNetworkData } from "./read-network-data.ts";
export type { Remark } from "./reading.ts";
export { type DocumentSettings, defaultSettings, type GuestFile } from "./settings.ts";
export type { MetadataTree, TreeAnswer } from "./tree.ts";
