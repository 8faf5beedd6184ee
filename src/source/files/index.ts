/**
 * Inventories (docs/inventory.md): reading instances from a folder or file of YAML or JSON, and writing facts as an
 * inventory.
 */
export { assembleOwned } from "../ownership.ts";
export type { Change, ChangeKind, FactsSource, InstanceSummary, Owner, PortQuery, Source } from "../source.ts";
export { type FilesSourceOptions, openFilesSource } from "./files-source.ts";
export {
	createInventoryWriter,
	type InventoryWriter,
	type InventoryWriterOptions,
	prepareFolder,
} from "./write-inventory.ts";
