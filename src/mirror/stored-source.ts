/** The instances as the mirror has them: reading all of them must not need a request to the cloud for each. */
import type { Profile } from "../instance/profile.ts";
import { assembleOwned } from "../source/ownership.ts";
import type { Source } from "../source/source.ts";
import type { MirrorStore } from "./mirror-store.ts";
import { listServers } from "./mirrored-source.ts";
import type { Mirror } from "./open-mirror.ts";
import { readInstance, withMicroversion } from "./read-instance.ts";

export interface StoredSource extends Pick<Source, "list" | "instance" | "onChange"> {
	/** Whether everything was read once. Until then, the list has what was read so far, and no instance has all details. */
	isFilled(): boolean;
	/** Whether instances have no user data, because the mirror stores none. */
	readonly lacksUserData: boolean;
}

export interface StoredSourceOptions {
	readonly store: Pick<MirrorStore, "read" | "servers">;
	/** Whether the mirror has servers' user data. */
	readonly userData: boolean;
	readonly profile: Profile;
}

export function createStoredSource({ source, state }: Mirror, options: StoredSourceOptions): StoredSource {
	const { store, userData } = options;
	const isNova = options.profile === "nova";
	return {
		// Not the cloud's list: while the mirror is filled, all of the APIs' time is for the fill and for guests.
		list: () => listServers(store),
		async instance(id, detail) {
			if (detail === "all" && !state.isFilled()) return undefined;
			const { facts, missing } = await readInstance(store, id, { dhcpPorts: isNova });
			if (facts === undefined) return undefined;
			// Documents of incomplete facts would differ from what the guest gets.
			if (detail === "all" && missing.length > 0) return undefined;
			return assembleOwned(withMicroversion(facts, isNova ? state.novaMicroversion() : undefined));
		},
		isFilled: state.isFilled,
		lacksUserData: !userData,
		onChange: source.onStored,
	};
}
