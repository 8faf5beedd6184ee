/** Reading instances from an inventory: a folder or file of YAML or JSON (docs/inventory.md). */
export type { Change, ChangeKind, FactsSource, InstanceSummary, Owner, PortQuery, Source } from "../source.ts";
export { type FilesSourceOptions, openFilesSource } from "./files-source.ts";
