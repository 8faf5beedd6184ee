import { UNUSABLE } from "./access.ts";
import type { Ironic } from "./ironic.ts";

/**
 * An Ironic beside Nova: one that this user can't read, or that is too old, has no nodes. Neutron and Nova know enough to
 * serve its servers, without bonds, as they did before.
 */
export function ifUsable(ironic: Ironic): Ironic {
	const unless =
		<T>(none: T) =>
		(error: Error) => {
			if (error.cause !== UNUSABLE) throw error;
			return none;
		};
	return {
		list: (collection, filters) => ironic.list(collection, filters).catch(unless([])),
		node: (uuid) => ironic.node(uuid).catch(unless(undefined)),
	};
}
