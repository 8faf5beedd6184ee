/** Dynamic vendor data as configured. */
import { certificateAuthorities } from "../certificate-authorities.ts";
import { GuestwireError } from "../errors.ts";
import {
	createDynamicVendorData,
	type DynamicVendorData,
	type DynamicVendorDataOptions,
} from "../service/vendor-data.ts";
import { openServiceToken, type ServiceToken } from "../source/api/service-token.ts";
import type { Io } from "./frame.ts";
import type { CommandContext } from "./source.ts";

/**
 * Nothing is called yet.
 *
 * @throws GuestwireError `config`: the CA file cannot be read, or the cloud has no usable entry
 */
export async function openVendorData(
	{ config, where }: Pick<CommandContext, "config" | "where">,
	{ env }: Io,
	{ log, count = () => {} }: Pick<DynamicVendorDataOptions, "log"> & Partial<Pick<DynamicVendorDataOptions, "count">>,
): Promise<DynamicVendorData> {
	const { providers, dynamic, cloud, caFile, failureFatal } = config.vendorData;
	const targets = providers.includes("dynamic") ? dynamic : [];
	if (targets.length === 0) return createDynamicVendorData({ targets, log, count });
	const ca = await certificateAuthorities(caFile).catch((error: NodeJS.ErrnoException) => {
		const place = where(["vendorData", "caFile"]);
		throw new GuestwireError("config", `${place} ${caFile} can't be read (${error.code}): correct the path`);
	});
	const token: ServiceToken | undefined = cloud === undefined ? undefined : await openServiceToken({ cloud, env });
	const vendorData = createDynamicVendorData({ targets, ca, token, failureFatal, log, count });
	return {
		...vendorData,
		close: async () => {
			await vendorData.close();
			await token?.close();
		},
	};
}
