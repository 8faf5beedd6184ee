/** From the configuration's listeners to what the metadata service takes: secrets read, instances found. */
import type { JsonPath } from "../checked-text.ts";
import { GuestwireError } from "../errors.ts";
import type { IdentitySettings } from "../http/guest/identity/index.ts";
import type { MetadataListener } from "../http/guest/metadata-service.ts";
import { readSecret } from "../read-secret.ts";
import type { InstanceCache } from "../source/instance-cache.ts";
import type { LoadedConfig } from "./config.ts";
import type { ListenerConfig } from "./config-schema.ts";
import type { Io } from "./frame.ts";
import { findInstance } from "./source.ts";

type Where = LoadedConfig["where"];

/** Holds the secret shared with the metadata proxies, for listeners without a file of it. */
const SECRET_VARIABLE = "GUESTWIRE_SHARED_SECRET";

/** A listener with what it refers to: plain data, also for another process. */
export interface ResolvedListener {
	readonly config: ListenerConfig;
	/** Where it is configured, for errors. */
	readonly location: string;
	/** For `signed` and `provider`. */
	readonly secret: Uint8Array;
	/** For `fixed`: the instance's id. */
	readonly instance: string;
}

/**
 * Reads the listener's secret and finds its instance.
 *
 * @param place the listener's in the configuration
 * @throws GuestwireError `config` for a secret that is missing, `unknown-instance`, or why the source can't be asked
 */
export async function resolveListener(
	config: ListenerConfig,
	place: JsonPath,
	{ instances, where }: { readonly instances: InstanceCache; readonly where: Where },
	io: Io,
): Promise<ResolvedListener> {
	const { identity, instance = "" } = config;
	const fail = (error: unknown): never => {
		if (!(error instanceof GuestwireError) || error.code !== "unknown-instance") throw error;
		throw new GuestwireError(error.code, `${where([...place, "instance"])}: ${error.message}`);
	};
	return {
		config,
		location: where([...place, "listen"]),
		secret: needsSecret(config) ? await sharedSecret(config, place, where, io) : new Uint8Array(),
		instance: identity === "fixed" ? await findInstance(instances, instance).catch(fail) : "",
	};
}

export const needsSecret = ({ identity }: ListenerConfig) => identity === "signed" || identity === "provider";

export function metadataListener(listener: ResolvedListener): MetadataListener {
	return { listen: listener.config.listen, identity: identitySettings(listener), location: listener.location };
}

function identitySettings({ config, secret, instance }: ResolvedListener): IdentitySettings {
	const { identity: mode, allow = [], providers = {} } = config;
	switch (mode) {
		case "signed":
			return { mode, secret };
		case "provider": {
			const networksOf = (provider: string) => (Object.hasOwn(providers, provider) && providers[provider]) || [];
			return { mode, secret, networksOf };
		}
		case "network":
			return { mode, allow };
		case "address":
			return { mode };
		case "fixed":
			return { mode, instance };
	}
}

export async function sharedSecret(
	{ sharedSecretFile }: ListenerConfig,
	place: JsonPath,
	where: Where,
	io: Io,
): Promise<Buffer> {
	if (sharedSecretFile !== undefined) {
		return Buffer.from(await readSecret(sharedSecretFile, where([...place, "sharedSecretFile"])));
	}
	const secret = io.env[SECRET_VARIABLE];
	if (secret) return Buffer.from(secret);
	const what = `set ${SECRET_VARIABLE}, or "sharedSecretFile" to a file that holds the proxies' secret`;
	throw new GuestwireError("config", `${where(place)} has no shared secret: ${what}`);
}
