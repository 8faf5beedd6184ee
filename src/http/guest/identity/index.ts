/** Who is asking: each listener tells it in exactly one way, and never by a header that a guest could send. */

import { GuestwireError } from "../../../errors.ts";
import { type Cidr, cidrContains, parseCidr } from "../../../instance/addresses.ts";
import type { InstanceCache } from "../../../source/instance-cache.ts";
import { isLocal, type ListenAddress } from "../../listen.ts";
import { addressIdentity } from "./address.ts";
import type { Asker, Identity } from "./asker.ts";
import { fixedIdentity } from "./fixed.ts";
import { networkIdentity } from "./network.ts";
import { type ProviderNetworks, providerIdentity } from "./provider.ts";
import { signedIdentity } from "./signed.ts";
import { plainAddress } from "./source.ts";

export type IdentitySettings =
	/** `secret`: Neutron's and Nova's `metadata_proxy_shared_secret`. */
	| { readonly mode: "signed"; readonly secret: Uint8Array }
	/** `allow`: where haproxy may connect from, as addresses or CIDRs; not needed on a unix socket. */
	| { readonly mode: "network"; readonly allow: readonly string[] }
	| { readonly mode: "provider"; readonly secret: Uint8Array; readonly networksOf: ProviderNetworks }
	| { readonly mode: "address" }
	/** `instance`: its id. */
	| { readonly mode: "fixed"; readonly instance: string };

export type IdentityMode = IdentitySettings["mode"];

/** @throws GuestwireError `config` when the mode would believe somebody whom it has no reason to believe */
export function createIdentity(
	settings: IdentitySettings,
	address: ListenAddress,
	directory: Pick<InstanceCache, "owners">,
): Identity {
	switch (settings.mode) {
		case "signed":
			return signedIdentity(someSecret(settings.secret, address));
		case "provider":
			return providerIdentity(directory, someSecret(settings.secret, address), settings.networksOf);
		case "network":
			return networkIdentity(directory, proxyCheck(settings.allow, address));
		case "address":
			if ("path" in address) throw refusal(address, "on a unix socket a peer has no address: listen on an IP address");
			return addressIdentity(directory);
		case "fixed":
			if (!isLocal(address)) {
				throw refusal(address, "any machine that reaches it would be given the instance: listen on 127.0.0.1");
			}
			return fixedIdentity(settings.instance);
	}
}

function someSecret(secret: Uint8Array, address: ListenAddress): Uint8Array {
	if (secret.length === 0) throw refusal(address, "the shared secret is empty: anybody could sign with it");
	return secret;
}

/** Whether a request comes from a proxy: on a unix socket always (its permissions say who may), else by the peer. */
function proxyCheck(allow: readonly string[], address: ListenAddress): (asker: Asker) => boolean {
	if ("path" in address) return () => true;
	if (allow.length === 0) throw refusal(address, "identity network needs allow, the addresses haproxy connects from");
	const ranges = allow.map((text) => cidrOf(text, address));
	return ({ socket: { remoteAddress } }) => {
		const peer = plainAddress(remoteAddress ?? "");
		return peer !== undefined && ranges.some((range) => cidrContains(range, peer));
	};
}

function cidrOf(text: string, address: ListenAddress): Cidr {
	const cidr = parseCidr(text) ?? parseCidr(`${text}/${text.includes(":") ? 128 : 32}`);
	if (cidr === undefined) throw refusal(address, `allow: ${JSON.stringify(text)} is no address and no CIDR`);
	return cidr;
}

function refusal(address: ListenAddress, why: string): GuestwireError {
	return new GuestwireError("config", `metadata listener ${address.text}: ${why}`);
}
