/** The EC2 tree below `/<version>/meta-data`: folders with text leaves. */
import { addressVersion } from "../instance/addresses.ts";
import type { FloatingIp, Instance, Keypair, Server } from "../instance/instance.ts";
import { fullHostname, keypairsFor, type MetaDataOptions } from "./meta-data.ts";
import { inNovaOrder } from "./network-data-nova.ts";
import type { Ec2Version } from "./versions.ts";

/** A leaf, a list of lines, or a folder. `null` and empty text appear in the drive's document, as in Nova's. */
export type Ec2Item = string | number | null | readonly string[] | Ec2Folder;
export interface Ec2Folder {
	readonly [name: string]: Ec2Item;
}

/** The `meta-data` of a version, with members in Nova's order. */
export function ec2MetaData(
	instance: Instance,
	server: Server,
	version: Ec2Version,
	{ hostnameDomain, profile }: Pick<MetaDataOptions, "hostnameDomain" | "profile">,
): Ec2Folder {
	const hostname = fullHostname(server, hostnameDomain);
	const since = (first: Ec2Version, members: Ec2Folder) => (version >= first ? members : {});
	return {
		"ami-id": ec2Id("ami", server.imageId) ?? null,
		"ami-launch-index": server.launchIndex,
		"ami-manifest-path": "FIXME",
		"instance-id": instanceId(instance.id, server),
		hostname,
		"local-ipv4": localIpv4(instance) ?? null,
		"reservation-id": server.reservationId ?? null,
		"security-groups": server.securityGroupNames,
		...publicKeys(keypairsFor(server, profile)),
		...since("2007-01-19", {
			"local-hostname": hostname,
			"public-hostname": hostname,
			"public-ipv4": publicIpv4(instance) ?? "",
		}),
		...since("2007-08-29", { "instance-type": server.flavorName ?? null }),
		...since("2007-12-15", { "block-device-mapping": blockDevices(server), ...kernel(server) }),
		...since("2008-02-01", { placement: { "availability-zone": server.availabilityZone ?? null } }),
		...since("2008-09-01", { "instance-action": "none" }),
	};
}

/**
 * Walks down from `meta-data`. Returns undefined for missing, unknown and empty values: an empty 200 response breaks
 * Neutron's OVN proxy (Launchpad bug 2097431).
 */
export function ec2Find(folder: Ec2Folder, names: readonly string[]): Ec2Item | undefined {
	let item: Ec2Item = folder;
	for (const name of names) {
		if (!isFolder(item) || !Object.hasOwn(item, name) || name === NAME) return undefined;
		item = item[name] ?? null;
	}
	return isEmpty(item) ? undefined : item;
}

/** The text of a leaf, or the listing of a folder: sorted names, `/` after folders, key folders by their name. */
export function ec2Text(item: Ec2Item): string {
	if (isFolder(item)) return listing(item);
	return Array.isArray(item) ? item.join("\n") : String(item);
}

/** Empty members are not listed: cloud-init keeps retrying a listed name that gives a 404. */
function listing(folder: Ec2Folder): string {
	return Object.keys(folder)
		.filter((name) => name !== NAME && !isEmpty(folder[name] ?? null))
		.toSorted(byNumberOrName)
		.map((name) => {
			const item = folder[name] ?? null;
			if (!isFolder(item)) return name;
			return Object.hasOwn(item, NAME) ? String(item[NAME]) : `${name}/`;
		})
		.join("\n");
}

/** Key folders are numbered: the tenth comes after the ninth. */
function byNumberOrName(a: string, b: string): number {
	return Number(a) - Number(b) || (a < b ? -1 : 1);
}

/** The member with the name under which a folder is listed. */
const NAME = "_name";

export function isFolder(item: Ec2Item): item is Ec2Folder {
	return typeof item === "object" && item !== null && !Array.isArray(item);
}

function isEmpty(item: Ec2Item): boolean {
	if (isFolder(item)) return Object.values(item).every(isEmpty);
	return item === null || item === "" || (Array.isArray(item) && item.length === 0);
}

/**
 * Nova's EC2 id is the number in `instance-0000001c`. Without it (another `instance_name_template`, a hand-written
 * inventory), the whole instance id is used, since ids must differ. CirrOS requires the prefix `i-`.
 */
function instanceId(id: string, server: Server): string {
	return `i-${/-([0-9a-f]{8})$/.exec(server.instanceName ?? "")?.[1] ?? id}`;
}

/** Nova numbers images in a table that no API exposes. The first eight characters of the id take that place. */
function ec2Id(kind: string, id: string | undefined): string | undefined {
	return id ? `${kind}-${id.slice(0, 8)}` : undefined;
}

function localIpv4(instance: Instance): string | undefined {
	return instance.ports.flatMap((port) => inNovaOrder(port.fixedIps)).find((fixedIp) => fixedIp.subnet.version === 4)
		?.address;
}

/** Nova's choice: the floating IP of the first fixed address that has one, beginning with that of `local-ipv4`. */
function publicIpv4(instance: Instance): string | undefined {
	const floatingIps = instance.ports.flatMap((port) => {
		const rank = new Map(inNovaOrder(port.fixedIps).map(({ address }, index) => [address, index]));
		const rankOf = ({ fixedAddress = "" }: FloatingIp) => rank.get(fixedAddress) ?? rank.size;
		return port.floatingIps.toSorted((a, b) => rankOf(a) - rankOf(b));
	});
	return floatingIps.find(({ address }) => addressVersion(address) === 4)?.address;
}

function publicKeys(keypairs: readonly Keypair[]): Ec2Folder {
	if (keypairs.length === 0) return {};
	const entries = keypairs.map(({ name, publicKey }, number) => [
		String(number),
		{ [NAME]: `${number}=${name}`, "openssh-key": publicKey },
	]);
	return { "public-keys": Object.fromEntries(entries) };
}

function kernel(server: Server): Ec2Folder {
	const kernelId = ec2Id("aki", server.kernelId);
	const ramdiskId = ec2Id("ari", server.ramdiskId);
	return { ...(kernelId && { "kernel-id": kernelId }), ...(ramdiskId && { "ramdisk-id": ramdiskId }) };
}

/** Nova's mapping: the root disk, then the volumes by device name. */
function blockDevices(server: Server): Ec2Folder {
	const root = server.rootDeviceName;
	if (!root) return { ami: "sda1", ephemeral0: "sda2", root: "/dev/sda1", swap: "sda3" };
	const volumes = server.volumes.flatMap(({ device }) => device ?? []).toSorted();
	return {
		ami: root.replace(/^\/dev\//, ""),
		root,
		...Object.fromEntries(volumes.map((device, number) => [`ebs${number}`, device])),
	};
}
