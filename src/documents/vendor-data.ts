/** Vendor data: what the operator gives every guest. Passed on as text: see python-json.ts. */
import { jsonText } from "./json.ts";
import type { DocumentSettings } from "./settings.ts";

/** The targets' responses by name, as JSON from `pythonJson`, in the order of the configuration. */
export type VendorData = ReadonlyMap<string, string>;

type StaticVendorData = Pick<DocumentSettings, "staticVendorData" | "omitsStaticVendorData">;

/** `vendor_data.json`: the static data alone; Nova answers `{}` where none is set. */
export function vendorData({ staticVendorData = "{}" }: StaticVendorData): string {
	return staticVendorData;
}

/** `vendor_data2.json`: the static data under `static`, then each dynamic target's answer under its name. */
export function vendorData2(settings: StaticVendorData, dynamic: VendorData): string {
	const members = new Map(settings.omitsStaticVendorData ? [] : [["static", vendorData(settings)]]);
	for (const [name, answer] of dynamic) members.set(name, answer);
	return `{${Array.from(members, ([name, answer]) => `${jsonText(name)}: ${answer}`).join(", ")}}`;
}
