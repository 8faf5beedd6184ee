/** The documents of an OpenStack version folder: a line each, in the order in which Nova lists them. */
import type { Detail, Instance, Server } from "../instance/instance.ts";
import { jsonBytes } from "./json.ts";
import { metaData } from "./meta-data.ts";
import { networkData } from "./network-data-full.ts";
import { novaNetworkData } from "./network-data-nova.ts";
import { type Expose, networkPorts } from "./network-ports.ts";
import { isSecretItem } from "./secret-items.ts";
import { type DocumentSettings, novaReleaseFor } from "./settings.ts";
import { type VendorData, vendorData, vendorData2 } from "./vendor-data.ts";
import { OPENSTACK_VERSIONS, type OpenStackVersion, SINCE } from "./versions.ts";

/** What a document is made of. */
export interface DocumentInput {
	readonly instance: Instance;
	readonly settings: DocumentSettings;
	readonly dynamicVendorData: VendorData;
}

export interface OpenStackDocument {
	/** Below the version folder. */
	readonly path: string;
	/** Whether it lets somebody act as the guest: see `isPrivatePath`. */
	readonly isPrivate: boolean;
	/** Whether this instance's has metadata items that may be secrets. Default: it has none. */
	readonly hasSecretItems?: (instance: Instance) => boolean;
	/** Bytes from a user; everything else is JSON. */
	readonly raw?: true;
	/** The first version that lists it. */
	readonly listedSince: OpenStackVersion;
	/** The first version that answers it, where it is older than the listing. */
	readonly answeredSince?: OpenStackVersion;
	/** Stands in no listing, as Nova knows nothing of it; on the drive only in profile `full`. */
	readonly ownForm?: true;
	/** Differs from version to version. */
	readonly versioned?: true;
	/** How much of the instance it needs. */
	readonly detail: Detail | ((expose: readonly Expose[]) => Detail);
	/** Contains what services outside the instance say of it. */
	readonly hasDynamicVendorData?: true;
	/** Whether its last versions are kept in the request history: it has no secrets, or they can be left out. */
	readonly keepsVersions?: true;
	/** The bytes; undefined when this instance has none. */
	readonly make: (input: DocumentInput, version: OpenStackVersion) => Uint8Array | undefined;
}

const FIRST = OPENSTACK_VERSIONS[0];

/** Documents of the server record are absent where only the wiring was asked for. */
const ofServer =
	(make: (server: Server, input: DocumentInput, version: OpenStackVersion) => Uint8Array | undefined) =>
	(input: DocumentInput, version: OpenStackVersion) =>
		input.instance.server && make(input.instance.server, input, version);

/** Exposed facts that are not part of the wiring. */
const BEYOND_WIRING: readonly Expose[] = ["floating_ips", "security_groups"];

const ports = ({ instance, settings }: DocumentInput) => jsonBytes(networkPorts(instance, settings.expose));

const network = ({ instance, settings }: DocumentInput) => {
	const data =
		settings.profile === "nova"
			? novaNetworkData(instance, novaReleaseFor(settings, instance))
			: networkData(instance, settings);
	return data && jsonBytes(data);
};

/** `password` stands in the listing between `user_data` and `vendor_data.json`; whoever keeps state answers it. */
export const OPENSTACK_DOCUMENTS: readonly OpenStackDocument[] = [
	{
		path: "meta_data.json",
		isPrivate: false,
		hasSecretItems: ({ server }) => server?.metadata.keys().some(isSecretItem) ?? false,
		detail: "server",
		keepsVersions: true,
		listedSince: FIRST,
		versioned: true,
		make: ofServer((server, { instance, settings }, version) =>
			jsonBytes(metaData(instance, server, version, settings)),
		),
	},
	{
		path: "user_data",
		isPrivate: true,
		detail: "server",
		raw: true,
		listedSince: FIRST,
		make: ofServer((server) => server.userData),
	},
	{
		path: "password",
		isPrivate: true,
		detail: "server",
		raw: true,
		listedSince: SINCE.password,
		make: () => undefined,
	},
	{
		path: "vendor_data.json",
		isPrivate: true,
		detail: "server",
		listedSince: SINCE.vendorData,
		make: ofServer((_, { settings }) => {
			const data = vendorData(settings);
			return data === undefined ? undefined : Buffer.from(data, "latin1");
		}),
	},
	{
		path: "network_data.json",
		isPrivate: false,
		detail: "wiring",
		keepsVersions: true,
		listedSince: SINCE.networkData,
		answeredSince: FIRST,
		make: network,
	},
	{
		path: "vendor_data2.json",
		isPrivate: true,
		detail: "server",
		hasDynamicVendorData: true,
		listedSince: SINCE.vendorData2,
		make: ofServer((_, input) => Buffer.from(vendorData2(input.settings, input.dynamicVendorData), "latin1")),
	},
	{
		path: "metadata/network_data",
		isPrivate: false,
		detail: (expose) => (expose.some((what) => BEYOND_WIRING.includes(what)) ? "all" : "wiring"),
		keepsVersions: true,
		listedSince: SINCE.networkData,
		answeredSince: FIRST,
		ownForm: true,
		make: ports,
	},
	{
		path: "metadata/network_data.json",
		isPrivate: false,
		detail: "wiring",
		keepsVersions: true,
		listedSince: SINCE.networkData,
		answeredSince: FIRST,
		ownForm: true,
		make: network,
	},
];
