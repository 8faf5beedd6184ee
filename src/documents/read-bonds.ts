import { BOND_MODES, type BondMode } from "../instance/bonding.ts";
import { AcceptedLink } from "./accepted-network-data.ts";
import type { DescribedBond } from "./network-description.ts";
import { itemsOf, memberPointer, type Reading } from "./reading.ts";

/**
 * A bond link; undefined if its mode is unknown.
 *
 * @param nameOf the `name` of the link with an id
 */
export function readBond(
	base: Pick<DescribedBond, "id" | "vif_id" | "mtu" | "ethernet_mac_address">,
	item: AcceptedLink,
	nameOf: (id: string) => string | null | undefined,
	pointer: string,
	reading: Reading,
): DescribedBond | undefined {
	const options = readOptions(item, pointer, reading);
	const { bond_mode: otherMode, ...rest } = options;
	const mode = readMode(item.bond_mode ?? otherMode, `${pointer}/bond_mode`, reading);
	const members = itemsOf(item.bond_links, `${pointer}/bond_links`, reading).map(([id]) => id.toString());
	if (mode === undefined) return undefined;
	return {
		...base,
		...rest,
		...primaryOf(rest, members, nameOf),
		type: "bond",
		...(item.name && { name: item.name }),
		bond_mode: mode,
		bond_links: members,
	};
}

/**
 * The options of the bonding driver. `bond-mode` and `bond_xmit-hash-policy` are spellings that some versions of
 * cloud-init need: Guestwire's own documents repeat options in them.
 */
function readOptions(item: AcceptedLink, pointer: string, reading: Reading): Record<`bond_${string}`, string> {
	const options: Record<`bond_${string}`, string> = {};
	const canonicalFirst = Object.entries(item).toSorted(([a], [b]) => Number(a.includes("-")) - Number(b.includes("-")));
	for (const [key, value] of canonicalFirst) {
		if (Object.hasOwn(AcceptedLink.properties, key)) continue;
		const at = memberPointer(pointer, key);
		const name = key.replaceAll("-", "_") as `bond_${string}`;
		const text = textOf(key, value);
		const canonical = item[name as keyof AcceptedLink];
		const known = canonical === undefined || canonical === null ? options[name] : String(canonical);
		if (!name.startsWith("bond_")) reading.remark(at, "unknown member: dropped", value);
		else if (text === undefined) reading.remark(at, "not the value of an option: dropped", value);
		else if (name !== key && known !== undefined) {
			if (known !== text) reading.remark(at, `contradicts ${name}: dropped`, value);
		} else {
			options[name] = text;
			if (name !== key) reading.remark(at, `converted to ${name}`, value);
		}
	}
	return options;
}

/** The primary member by its link's id: the name of a NIC with a MAC address is not kept. */
function primaryOf(
	{ bond_primary: primary }: Readonly<Record<`bond_${string}`, string>>,
	members: readonly string[],
	nameOf: (id: string) => string | null | undefined,
): { bond_primary?: string } {
	if (primary === undefined || members.includes(primary)) return {};
	const id = members.find((member) => nameOf(member) === primary);
	return id === undefined ? {} : { bond_primary: id };
}

/** ARP targets may be a list. */
function textOf(key: string, value: unknown): string | undefined {
	if (/^bond_arp.ip.target$/.test(key) && Array.isArray(value)) {
		return value.every((item) => typeof item === "string") ? value.join(",") : undefined;
	}
	return ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;
}

/** The example in the specification says `802.1ad` and means 802.3ad. */
function readMode(mode: string | number | null | undefined, pointer: string, reading: Reading): BondMode | undefined {
	const text = mode?.toString() ?? "";
	const known = BOND_MODES.find((name) => name === text);
	if (known !== undefined) return known;
	const meant = text === "802.1ad" ? "802.3ad" : text === "" ? BOND_MODES[0] : BOND_MODES[Number(text)];
	const reason = meant === undefined ? "unknown bond mode: the link is dropped" : `read as ${meant}`;
	reading.remark(pointer, reason, mode);
	return meant;
}
