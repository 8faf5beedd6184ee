import { addressVersion, canonicalAddress, netmask, prefixLengthOf } from "../instance/addresses.ts";
import { ASSUMED_IPV6_LENGTH } from "../instance/foreign-words.ts";
import type { Reading } from "./reading.ts";

export interface PlainSubnet {
	/** Canonical. */
	readonly ip: string;
	/** As in our own documents: dotted, or full hexadecimal. */
	readonly mask?: string;
}

export const versionOfAddress = addressVersion;

/** The members of a document that say an address and its netmask. */
interface SubnetMembers {
	readonly text: string | null | undefined;
	readonly mask: string | number | null | undefined;
	/** The member of the address, below the pointer. */
	readonly key: string;
	/** Whether an IPv6 address without a netmask is one of a /64. */
	readonly assumeMask?: boolean;
}

/** An address and its netmask: as in our own documents, as CIDR, or with a prefix length for the netmask. */
export function readSubnet(members: SubnetMembers, pointer: string, reading: Reading): PlainSubnet | undefined {
	const { text, mask, key, assumeMask } = members;
	if (!text) return undefined;
	const [plain = "", bits] = text.split("/", 2);
	const ip = canonicalAddress(plain);
	if (ip === undefined) {
		reading.remark(`${pointer}/${key}`, "not an IP address: dropped", text);
		return undefined;
	}
	if (ip !== text) reading.remark(`${pointer}/${key}`, "converted to a plain address in canonical form", text);
	const version = addressVersion(ip);
	const given = bits ?? mask ?? "";
	if (given === "") {
		// cloud-init and nuageinit assume it, too.
		if (!assumeMask || version === 4) return { ip };
		reading.remark(`${pointer}/netmask`, `missing: a prefix length of ${ASSUMED_IPV6_LENGTH} is assumed`);
		return { ip, mask: netmask(6, ASSUMED_IPV6_LENGTH) };
	}
	const prefixLength = prefixLengthOf(version, given.toString());
	const written = prefixLength === undefined ? undefined : netmask(version, prefixLength);
	if (written === undefined) reading.remark(`${pointer}/netmask`, `not an IPv${version} netmask: dropped`, given);
	else if (written !== mask) reading.remark(`${pointer}/netmask`, `converted to ${written}`, mask ?? undefined);
	return { ip, ...(written !== undefined && { mask: written }) };
}
