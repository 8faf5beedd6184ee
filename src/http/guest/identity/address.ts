import type { InstanceCache } from "../../../source/instance-cache.ts";
import type { Identity } from "./asker.ts";
import { badAddress, oneOwner, sourceOf } from "./source.ts";

/**
 * The instance that has the peer's own address on a port, or the MAC address in the peer's IPv6 link-local one. For
 * guests that reach this listener directly, on a bridge where the host keeps them from taking each other's addresses.
 */
export function addressIdentity(directory: Pick<InstanceCache, "owners">): Identity {
	return ({ socket: { remoteAddress } }) => {
		const source = remoteAddress === undefined ? undefined : sourceOf(remoteAddress);
		return source === undefined ? badAddress(`the peer's ${remoteAddress}`) : oneOwner(directory, [source]);
	};
}
