/** The server of an instance, as documents read it. */
import { plainKey } from "../key-order.ts";
import type { InstanceFacts, ServerFacts } from "./facts.ts";
import type { Server } from "./instance.ts";
import { keyNamesOf } from "./keypairs.ts";
import { withoutUndefined } from "./without-undefined.ts";

/** The status of a share's attachment while it is a device of the running guest (nova/objects/share_mapping.py). */
const MOUNTABLE = "active";

/** Assembles the `Server` from its record and the facts that belong to it. */
export function assembleServer(server: ServerFacts, facts: InstanceFacts): Server {
	return withoutUndefined<Server>({
		name: server.name,
		hostname: server["OS-EXT-SRV-ATTR:hostname"] || hostnameOf(server),
		created: server.created,
		launched: launchedOf(server),
		metadata: new Map(Object.entries(server.metadata).map(([key, value]) => [plainKey(key), value])),
		keypairs: (facts.keypairs ?? []).map(({ name, type, public_key }) => ({ name, type, publicKey: public_key })),
		keyNames: keyNamesOf(server),
		userId: server.user_id,
		imageId: typeof server.image === "object" ? server.image?.id : server.image || undefined,
		flavorName: server.flavor?.original_name ?? server.flavor?.name,
		availabilityZone: server["OS-EXT-AZ:availability_zone"] || undefined,
		launchIndex: server["OS-EXT-SRV-ATTR:launch_index"] ?? 0,
		reservationId: server["OS-EXT-SRV-ATTR:reservation_id"] || undefined,
		instanceName: server["OS-EXT-SRV-ATTR:instance_name"] || undefined,
		kernelId: server["OS-EXT-SRV-ATTR:kernel_id"] || undefined,
		ramdiskId: server["OS-EXT-SRV-ATTR:ramdisk_id"] || undefined,
		rootDeviceName: server["OS-EXT-SRV-ATTR:root_device_name"] || undefined,
		userData: userDataOf(server),
		securityGroupNames: server.security_groups.map((group) => group.name),
		volumes: facts.volumeAttachments.map((volume) =>
			withoutUndefined({ id: volume.volumeId, device: volume.device || undefined, tag: volume.tag || undefined }),
		),
		shares: (facts.shares ?? [])
			.filter(({ status }) => status === MOUNTABLE)
			.map(({ share_id: id, tag }) => ({ id, tag: tag || id })),
		dedicatedCpus: facts.dedicatedCpus ?? [],
	});
}

/** Nova gives the time in UTC, without saying so: `2026-11-26T16:53:05.000000`. */
function launchedOf(server: ServerFacts): Date | undefined {
	const [text] = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.exec(server["OS-SRV-USG:launched_at"] ?? "") ?? [];
	const time = new Date(`${text}Z`);
	return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Empty user data counts as none: an empty 200 breaks proxies (Launchpad bug 2097431). */
function userDataOf(server: ServerFacts): Uint8Array | undefined {
	const encoded = server["OS-EXT-SRV-ATTR:user_data"];
	const bytes = encoded ? Buffer.from(encoded, "base64") : undefined;
	return bytes?.length ? bytes : undefined;
}

/**
 * The host name that Nova makes of a server's name, for sources that do not give one: ASCII letters, digits and dashes,
 * lower case, at most 63 characters; `Server-<id>` if nothing is left (nova/utils.py, `sanitize_hostname`). Since 2021
 * Nova turns dots into dashes, so that a domain can be appended (Launchpad bug 1581977).
 */
function hostnameOf(server: ServerFacts): string {
	const name = server.name
		.replaceAll(/[ _.]/g, "-")
		.replaceAll(/[^A-Za-z0-9-]/g, "")
		.toLowerCase()
		.replaceAll(/^-+|-+$/g, "")
		.slice(0, 63)
		.replaceAll(/-+$/g, "");
	return name || `Server-${server.id}`;
}
