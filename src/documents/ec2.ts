/** Amazon's tree: leaves of text in folders, under `/<version>/meta-data`. */
import { addressVersion } from "../instance/addresses.ts";
import type { Instance, Server } from "../instance/instance.ts";
import { fullHostname } from "./meta-data.ts";
import { inNovaOrder } from "./network-data-nova.ts";
import type { Ec2Version } from "./versions.ts";

/** A leaf, a list of lines, or a folder. `null` and empty text stand in the drive's document as Nova writes them. */
export type Ec2Item = string | number | null | readonly string[] | Ec2Folder;
export interface Ec2Folder {
	readonly [name: string]: Ec2Item;
}

/** What a version has under `meta-data`, in Nova's order of members. */
export function ec2MetaData(
	instance: Instance,
	server: Server,
	version: Ec2Version,
	hostnameDomain: string,
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
		...publicKeys(server),
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
 * Walks down from `meta-data`. Undefined where there is nothing, and where the value is unknown or empty: an empty 200
 * breaks Neutron's OVN proxy (Launchpad bug 2097431).
 */
export function ec2Find(folder: Ec2Folder, names: readonly string[]): Ec2Item | undefined {
	let item: Ec2Item = folder;
	for (const name of names) {
		if (!isFolder(item) || !Object.hasOwn(item, name) || name === NAME) return undefined;
		item = item[name] ?? null;
	}
	return isEmpty(item) ? undefined : item;
}

/** A leaf's text, or a folder's listing: names sorted, `/` behind a folder, a key's folder by its own name. */
export function ec2Text(item: Ec2Item): string {
	if (isFolder(item)) return listing(item);
	return Array.isArray(item) ? item.join("\n") : String(item);
}

/** A member that would answer with nothing is not listed: cloud-init asks for a listed name again and again on a 404. */
function listing(folder: Ec2Folder): string {
	return Object.keys(folder)
		.filter((name) => name !== NAME && !isEmpty(folder[name] ?? null))
		.toSorted()
		.map((name) => {
			const item = folder[name] ?? null;
			if (!isFolder(item)) return name;
			return Object.hasOwn(item, NAME) ? String(item[NAME]) : `${name}/`;
		})
		.join("\n");
}

/** The member that gives a folder the name it is listed under. */
const NAME = "_name";

export function isFolder(item: Ec2Item): item is Ec2Folder {
	return typeof item === "object" && item !== null && !Array.isArray(item);
}

function isEmpty(item: Ec2Item): boolean {
	if (isFolder(item)) return Object.values(item).every(isEmpty);
	return item === null || item === "" || (Array.isArray(item) && item.length === 0);
}

/**
 * Nova's EC2 id is the number in `instance-0000001c`. Without it (another `instance_name_template`, an inventory by
 * hand) the whole id stands in, since it has to tell instances apart; CirrOS takes only what starts with `i-`.
 */
function instanceId(id: string, server: Server): string {
	return `i-${/-([0-9a-f]{8})$/.exec(server.instanceName ?? "")?.[1] ?? id}`;
}

/** Nova numbers images in a table that no API shows; eight characters of the id are as good a name. */
function ec2Id(kind: string, id: string | undefined): string | undefined {
	return id ? `${kind}-${id.slice(0, 8)}` : undefined;
}

function localIpv4(instance: Instance): string | undefined {
	return instance.ports.flatMap((port) => inNovaOrder(port.fixedIps)).find((fixedIp) => fixedIp.subnet.version === 4)
		?.address;
}

function publicIpv4(instance: Instance): string | undefined {
	return instance.ports.flatMap((port) => port.floatingIps).find(({ address }) => addressVersion(address) === 4)
		?.address;
}

function publicKeys({ keypair }: Server): Ec2Folder {
	if (!keypair) return {};
	return { "public-keys": { "0": { [NAME]: `0=${keypair.name}`, "openssh-key": keypair.publicKey } } };
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
