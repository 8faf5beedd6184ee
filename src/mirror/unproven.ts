/** Instances and owners that rest on resources whose changes are not reported while a signal does not work. */
import type { ChangeSignals } from "../source/remote-source.ts";
import type { ResourceKind } from "../source/resource.ts";
import type { Owner } from "../source/source.ts";
import type { InstanceReading } from "./read-instance.ts";
import { ownKinds } from "./signal-intake.ts";

export interface Unproven {
	/** Called before an instance is read. The result says of the reading whether the signals prove it. */
	checkLater(): (id: string, found: Pick<InstanceReading, "resources">) => boolean;
	/** The same for owners. */
	ownersLater(): (found: readonly Owner[]) => boolean;
	/** Whether what was last read of the instance is not proven. Without an id: whether anything may not be. */
	concerns(id: string | undefined): boolean;
}

/** Instances that rest on such resources. With more, all count as such. */
const MOST_DEPENDENT = 100_000;

/** @param kinds whose changes are not reported now */
export function createUnproven(
	signals: readonly Pick<ChangeSignals, "neededFor">[],
	kinds: () => ReadonlySet<ResourceKind>,
): Unproven {
	const own = new Set(signals.flatMap(ownKinds));
	const dependent = new Set<string>();

	function note(id: string, resources: InstanceReading["resources"]): void {
		const isDependent = resources.some(({ kind }) => own.has(kind));
		if (!isDependent) dependent.delete(id);
		else if (dependent.size < MOST_DEPENDENT) dependent.add(id);
	}

	return {
		checkLater() {
			const unproven = kinds();
			return (id, { resources }) => {
				note(id, resources);
				return !resources.some(({ kind }) => unproven.has(kind));
			};
		},
		ownersLater() {
			const areProven = kinds().size === 0;
			// Otherwise, a trunk or a node may be behind it, or missing.
			const restsOnPort = ({ basis = [] }: Owner) => basis.length > 0 && basis.every(({ kind }) => kind === "port");
			return (found) => areProven || (found.length > 0 && found.every(restsOnPort));
		},
		concerns(id) {
			if (kinds().size === 0) return false;
			return id === undefined || dependent.has(id) || dependent.size >= MOST_DEPENDENT;
		},
	};
}
