/** Vendor data: what the operator gives every guest. Passed on as text: see python-json.ts. */
import { jsonText } from "./json.ts";
import type { DocumentSettings } from "./settings.ts";

/** The targets' responses by name, as JSON from `pythonJson`, in the order of the configuration. */
export type VendorData = ReadonlyMap<string, string>;

type VendorDataSettings = Pick<DocumentSettings, "staticVendorData" | "vendorDataProviders">;

const PROVIDERS = ["static", "dynamic"] as const;

/** `vendor_data.json`: the static data alone, unless that is no provider; Nova answers `{}` where none is set. */
export function vendorData(settings: VendorDataSettings): string | undefined {
	const { staticVendorData = "{}", vendorDataProviders = PROVIDERS } = settings;
	return vendorDataProviders.includes("static") ? staticVendorData : undefined;
}

/**
 * `vendor_data2.json`: the static data under `static`, and each dynamic target's answer under its name, in the order of the
 * providers. A target's name that is taken is left out (nova/api/metadata/base.py, `_vendor_data2`).
 */
export function vendorData2(settings: VendorDataSettings, dynamic: VendorData): string {
	const members = new Map<string, string>();
	for (const provider of settings.vendorDataProviders ?? PROVIDERS) {
		if (provider === "static") members.set("static", vendorData(settings) ?? "{}");
		else for (const [name, answer] of dynamic) if (!members.has(name)) members.set(name, answer);
	}
	return `{${Array.from(members, ([name, answer]) => `${jsonText(name)}: ${answer}`).join(", ")}}`;
}
