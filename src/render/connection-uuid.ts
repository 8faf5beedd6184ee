import { createHash } from "node:crypto";
import type { PlannedInterface } from "./plan.ts";

/**
 * The UUID of an interface's connection in NetworkManager, always the same for the same interface. Other connections
 * refer to a NIC by it, because the NIC's name in the guest is unknown. Version 8 of RFC 9562: the bits of a hash.
 */
export function connectionUuid({ kind, name, macAddress }: PlannedInterface): string {
	const hash = createHash("sha256")
		.update(`guestwire ${kind} ${name} ${macAddress ?? ""}`)
		.digest("hex");
	const variant = ((Number.parseInt(hash.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
	return [
		hash.slice(0, 8),
		hash.slice(8, 12),
		`8${hash.slice(13, 16)}`,
		`${variant}${hash.slice(17, 20)}`,
		hash.slice(20, 32),
	].join("-");
}
