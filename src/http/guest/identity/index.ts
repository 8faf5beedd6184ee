/** Who asks: each listener identifies guests in exactly one way, and never by a header that a guest could send. */
import { GuestwireError } from "../../../errors.ts";
import { type Cidr, cidrContains, parseCidr } from "../../../instance/addresses.ts";
import { isLocal, type ListenAddress } from "../../listen.ts";
import { addressIdentity } from "./address.ts";
import { fixedIdentity } from "./fixed.ts";
import { createNeighbourFinder } from "./neighbours.ts";
import { networkIdentity } from "./network.ts";
import { type OwnerLookup, plainAddress } from "./port-owner.ts";
import { type ProviderNetworks, providerIdentity } from "./provider.ts";
import type { Identity, Requester } from "./requester.ts";
import { signedIdentity } from "./signed.ts";

export type IdentitySettings =
	/** `secret`: Neutron's and Nova's `metadata_proxy_shared_secret`. */
	| { readonly mode: "signed"; readonly secret: Uint8Array }
	/** `allow`: the addresses and CIDRs that haproxy may connect from; not needed on a unix socket. */
	| { readonly mode: "network"; readonly allow: readonly string[] }
	| { readonly mode: "provider"; readonly secret: Uint8Array; readonly networksOf: ProviderNetworks }
	| { readonly mode: "address" }
	/** `instance`: its id. */
	| { readonly mode: "fixed"; readonly instance: string };

export type IdentityMode = IdentitySettings["mode"];

/** @throws GuestwireError `config` if the mode would believe requests that it has no reason to believe */
export function createIdentity(settings: IdentitySettings, address: ListenAddress, lookup: OwnerLookup): Identity {
	switch (settings.mode) {
		case "signed":
			return signedIdentity(checkedSecret(settings.secret, address));
		case "provider":
			return providerIdentity(lookup, checkedSecret(settings.secret, address), settings.networksOf);
		case "network":
			return networkIdentity(lookup, proxyCheck(settings.allow, address));
		case "address":
			if ("path" in address) throw refusal(address, "peers on a unix socket have no address: listen on an IP address");
			return addressIdentity(lookup, createNeighbourFinder());
		case "fixed":
			if (!isLocal(address)) {
				throw refusal(address, "every machine that can reach it would get the instance's data: listen on 127.0.0.1");
			}
			return fixedIdentity(settings.instance);
	}
}

function checkedSecret(secret: Uint8Array, address: ListenAddress): Uint8Array {
	if (secret.length === 0) throw refusal(address, "the shared secret is empty: anybody could sign with it");
	return secret;
}

/** Whether a request comes from a proxy: always on a unix socket, whose permissions decide; otherwise by the peer. */
function proxyCheck(allow: readonly string[], address: ListenAddress): (requester: Requester) => boolean {
	if ("path" in address) return () => true;
	if (allow.length === 0) throw refusal(address, 'identity network needs "allow", the addresses haproxy connects from');
	const ranges = allow.map((text) => cidrOf(text, address));
	return ({ socket: { remoteAddress } }) => {
		const peer = plainAddress(remoteAddress ?? "");
		return peer !== undefined && ranges.some((range) => cidrContains(range, peer));
	};
}

function cidrOf(text: string, address: ListenAddress): Cidr {
	const cidr = parseCidr(text) ?? parseCidr(`${text}/${text.includes(":") ? 128 : 32}`);
	if (cidr === undefined) throw refusal(address, `allow: invalid address or CIDR ${JSON.stringify(text)}`);
	return cidr;
}

function refusal(address: ListenAddress, why: string): GuestwireError {
	return new GuestwireError("config", `metadata listener ${address.text}: ${why}`);
}
