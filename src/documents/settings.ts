import type { Instance } from "../instance/instance.ts";
import { NEWEST_NOVA_RELEASE, type NovaRelease } from "../instance/nova-release.ts";
import type { Profile } from "../instance/profile.ts";
import type { DefaultRoutes } from "./default-routes.ts";
import { type BondSettings, DEFAULT_BONDS } from "./full-links.ts";
import type { NetworkData } from "./network-data.ts";
import { EXPOSABLE, type Expose } from "./network-ports.ts";

/** A file for guests without an agent, below `openstack/<version>/`. */
export interface GuestFile {
	readonly path: string;
	readonly bytes: Uint8Array;
}

/** The settings for the documents of all instances. */
export interface DocumentSettings {
	/** `full`: everything that is known; `nova`: the documents of nova-api-metadata. Default: `full`. */
	readonly profile: Profile;
	/** The release of Nova that profile `nova` answers as. Default: the cloud's, where the instance names it, or the newest. */
	readonly novaRelease?: NovaRelease;
	/** Whether trunk subports become VLAN links. Default: true. */
	readonly trunks: boolean;
	/** Default: `first`. */
	readonly defaultRoutes: DefaultRoutes;
	/** How bonds are written. Default: for cloud-init. */
	readonly bonds: BondSettings;
	/** What `metadata/network_data` exposes in addition to the blueprint's members. Default: all but `provider`. */
	readonly expose: readonly Expose[];
	/** Appended to host names, empty for none. Default: `novalocal`, as Nova's `dhcp_domain`. */
	readonly hostnameDomain: string;
	/** The static vendor data: JSON as `pythonJson` returns it, or undefined for none, which guests see as `{}`. */
	readonly staticVendorData?: string;
	/** Kinds of vendor data, in this order. Without `static` there is no `vendor_data.json`. Default: both, static first. */
	readonly vendorDataProviders?: readonly ("static" | "dynamic")[];
	/** The secret key that `random_seed` is derived from; 32 bytes or more. */
	readonly seedKey: Uint8Array;
	/**
	 * Renders native configuration into the tree.
	 *
	 * @param document gives a document of the instance by its path below `openstack/latest/`
	 */
	readonly guestFiles?: (data: NetworkData, document: (path: string) => Uint8Array | undefined) => Iterable<GuestFile>;
}

/** The default settings with a process's secret. */
export function defaultSettings(seedKey: Uint8Array): DocumentSettings {
	return {
		profile: "full",
		trunks: true,
		defaultRoutes: "first",
		bonds: DEFAULT_BONDS,
		expose: EXPOSABLE.filter((what) => what !== "provider"),
		hostnameDomain: "novalocal",
		seedKey,
	};
}

/** The release that profile `nova` answers as. */
export function novaReleaseFor(
	settings: Pick<DocumentSettings, "novaRelease">,
	instance?: Pick<Instance, "novaRelease">,
): NovaRelease {
	return settings.novaRelease ?? instance?.novaRelease ?? NEWEST_NOVA_RELEASE;
}
