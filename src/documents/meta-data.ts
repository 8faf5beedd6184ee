/** `meta_data.json`, with members in Nova's order. */
import { hkdfSync } from "node:crypto";
import type { Instance, Keypair, Server } from "../instance/instance.ts";
import { splitKeypairs } from "../instance/keypairs.ts";
import type { Profile } from "../instance/profile.ts";
import { type OpenStackVersion, SINCE } from "./versions.ts";

/** The values that are not part of the instance. */
export interface MetaDataOptions {
	/** Domain appended to the host name, as Nova's `[api]dhcp_domain`; empty for none. */
	readonly hostnameDomain: string;
	/** With `full`, each SSH key is an entry of its own. */
	readonly profile: Profile;
	/** The secret key that `random_seed` is derived from. */
	readonly seedKey: Uint8Array;
}

/** Builds the document of one version. Undefined members are left out. */
export function metaData(instance: Instance, server: Server, version: OpenStackVersion, options: MetaDataOptions) {
	const keypairs = keypairsFor(server, options.profile);
	return {
		uuid: instance.id,
		meta: server.metadata.size > 0 ? server.metadata : undefined,
		...(keypairs.length > 0 && {
			public_keys: new Map(keypairs.map(({ name, publicKey }) => [name, publicKey])),
			keys: keypairs.map(({ name, type, publicKey }) => ({ name, type, data: publicKey })),
		}),
		hostname: fullHostname(server, options.hostnameDomain),
		name: server.name,
		launch_index: server.launchIndex,
		availability_zone: server.availabilityZone ?? null,
		random_seed: version >= SINCE.randomSeed ? randomSeed(instance.id, options.seedKey) : undefined,
		project_id: version >= SINCE.projectId ? (instance.projectId ?? null) : undefined,
		devices: version >= SINCE.devices ? devices(instance, server, version) : undefined,
		dedicated_cpus: version >= SINCE.dedicatedCpus ? server.dedicatedCpus : undefined,
	};
}

/** A key pair of several lines is one entry in Nova (nova/api/metadata/base.py), of which clients read the first line. */
export function keypairsFor({ keypairs }: Server, profile: MetaDataOptions["profile"]): readonly Keypair[] {
	return profile === "nova" ? keypairs : splitKeypairs(keypairs);
}

/** The host name with the cloud's domain. */
export function fullHostname(server: Server, domain: string): string {
	return domain ? `${server.hostname}.${domain}` : server.hostname;
}

/** 512 bytes in base64, stable per instance and key, unrelated between instances (HKDF, RFC 5869). */
function randomSeed(id: string, key: Uint8Array): string {
	return Buffer.from(hkdfSync("sha512", key, id, "guestwire random_seed", 512)).toString("base64");
}

/**
 * The tagged NICs and volumes, the NICs whose VLAN the guest has to tag, and the shares. No API returns their buses and
 * addresses, which only the hypervisor knows: they are `none`, as Nova writes for an unknown bus, and for every share.
 */
function devices(instance: Instance, server: Server, version: OpenStackVersion): object[] {
	const nics = instance.ports.flatMap(({ deviceTag, macAddress, vlanOfFunction, trustedFunction = false }) => {
		const vlan = version >= SINCE.vlanOfDevice ? vlanOfFunction : undefined;
		if (!deviceTag && vlan === undefined) return [];
		return {
			...(vlan !== undefined && { vlan }),
			...(version >= SINCE.vfTrusted && { vf_trusted: trustedFunction }),
			...{ type: "nic", mac: macAddress, ...BUS },
			...(deviceTag && { tags: [deviceTag] }),
		};
	});
	const disks = server.volumes.flatMap(({ id, device, tag }) =>
		tag ? [{ type: "disk", serial: id, path: device, ...BUS, tags: [tag] }] : [],
	);
	const shares = version >= SINCE.shares ? server.shares : [];
	return [...nics, ...disks, ...shares.map(({ id, tag }) => ({ type: "share", share_id: id, tag, ...BUS }))];
}

const BUS = { bus: "none", address: "none" };
