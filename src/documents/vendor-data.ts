/** Vendor data: what the operator gives every guest. */
import type { DocumentSettings } from "./settings.ts";

type StaticVendorData = Pick<DocumentSettings, "staticVendorData" | "omitsStaticVendorData">;

/** `vendor_data.json`: the static data alone; Nova answers `{}` where none is set. */
export function vendorData(staticData: unknown): unknown {
	return staticData ?? {};
}

/** `vendor_data2.json`: the static data under `static`, then each dynamic target's answer under its name. */
export function vendorData2(
	{ staticVendorData, omitsStaticVendorData }: StaticVendorData,
	dynamic: Readonly<Record<string, unknown>>,
): object {
	return { ...(!omitsStaticVendorData && { static: vendorData(staticVendorData) }), ...dynamic };
}
