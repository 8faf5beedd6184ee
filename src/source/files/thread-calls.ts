/** What the main thread and the thread that holds a watched inventory ask of each other. */
import type { InstanceFacts } from "../../instance/facts.ts";
import type { Instance } from "../../instance/instance.ts";
import type { Change, InstanceSummary, Owner, PortQuery } from "../source.ts";

/** What the thread answers. */
export type InventoryCalls = {
	/** Reads the inventory and begins to watch it. Rejects with GuestwireError `inventory`. */
	open(path: string): Promise<void>;
	facts(id: string): Promise<InstanceFacts | undefined>;
	instance(id: string): Promise<Instance | undefined>;
	owners(query: PortQuery): Promise<readonly Owner[]>;
	/** A part of the list, which is taken when its beginning is asked for; empty after its end. */
	list(start: number): Promise<readonly InstanceSummary[]>;
	/** A part of the changes that were not asked for yet; undefined if there are none. */
	change(argument: undefined): Change | undefined;
};

/** What the main thread answers. */
export type WatcherCalls = {
	/** See FilesSourceOptions. */
	reloaded(problem: string | undefined): void;
	warned(message: string): void;
};
