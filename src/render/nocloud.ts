import type { GuestFile } from "../documents/settings.ts";

/** Gives a document of the instance, by its path below `openstack/latest/`; undefined if the instance has none. */
export type ReadDocument = (path: string) => Uint8Array | undefined;

/**
 * A seed for cloud-init's NoCloud datasource: the files of a drive labelled `cidata`, or of a folder on a web server.
 * `meta-data` and `user-data` always exist, because cloud-init requires them.
 *
 * Source: cloud-init's doc/rtd/reference/datasources/nocloud.rst
 */
export function nocloudSeed(document: ReadDocument, networkConfig: string | undefined): GuestFile[] {
	const file = (path: string, text: string | Uint8Array): GuestFile => ({ path, bytes: Buffer.from(text) });
	const vendorData = cloudInitVendorData(parsed(document("vendor_data.json")));
	return [
		file("meta-data", `${JSON.stringify(seedMetaData(parsed(document("meta_data.json"))), null, 2)}\n`),
		file("user-data", document("user_data") ?? "#cloud-config\n{}\n"),
		...(vendorData === undefined ? [] : [file("vendor-data", vendorData)]),
		...(networkConfig === undefined ? [] : [file("network-config", networkConfig)]),
	];
}

interface MetaData {
	readonly uuid?: string;
	readonly hostname?: string;
	readonly public_keys?: Readonly<Record<string, string>>;
}

/** JSON is YAML. An instance of which only the wiring is known has no `meta_data.json`. */
function seedMetaData({ uuid, hostname, public_keys: keys = {} }: MetaData = {}): object {
	return { "instance-id": uuid ?? "nocloud", "local-hostname": hostname, "public-keys": Object.values(keys) };
}

/** What cloud-init takes of OpenStack's vendor data: a text, or the text of the member `cloud-init`. */
function cloudInitVendorData(data: unknown): string | undefined {
	if (typeof data === "string") return data;
	const text = (data as { readonly "cloud-init"?: unknown } | undefined)?.["cloud-init"];
	return typeof text === "string" ? text : undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: a document of our own
function parsed(bytes: Uint8Array | undefined): any {
	return bytes === undefined ? undefined : JSON.parse(Buffer.from(bytes).toString());
}
