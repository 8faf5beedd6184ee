/** The metadata service: the guests' side, as many listeners as are wanted over the same documents. */

import { withLocation } from "../../errors.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import type { Log } from "../../service/log.ts";
import type { Metrics } from "../../service/metrics.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { PasswordStore } from "../../store/password-store.ts";
import { parseListenAddress } from "../listen.ts";
import { createGuestAnswers } from "./handler.ts";
import { createIdentity, type IdentitySettings } from "./identity/index.ts";
import { createGuestListener, type Limits } from "./listener.ts";

export interface MetadataListener {
	/** `host:port`, `[v6%zone]:port` or `unix:/path`. */
	readonly listen: string;
	readonly identity: IdentitySettings;
	/** Where it is configured, for errors. */
	readonly place?: string;
}

export interface MetadataServiceOptions {
	readonly listeners: readonly MetadataListener[];
	readonly directory: Pick<InstanceCache, "get" | "revalidate" | "owners">;
	readonly documents: GuestDocuments;
	readonly passwords: PasswordStore;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly limits?: Partial<Limits>;
}

export interface MetadataService {
	/** Where the listeners listen, in their order: `http://127.0.0.1:8775` or a socket's path. */
	readonly addresses: readonly string[];
	/** Takes no new connection, answers what is in flight, then closes what is left. */
	close(): Promise<void>;
}

const DEFAULT_LIMITS: Limits = { budget: 5000, waiting: 2000, connections: 10_000, request: 10_000 };

/**
 * Starts every listener, or none.
 *
 * @throws GuestwireError `config` for a listener that can't be meant, `listen` when an address can't be listened on
 */
export async function startMetadataService(options: MetadataServiceOptions): Promise<MetadataService> {
	const { directory, documents, passwords, log, metrics } = options;
	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const listeners = await Promise.all(
		options.listeners.map(({ listen, identity: settings, place }) =>
			withLocation(place, () => {
				const address = parseListenAddress(listen);
				const identity = createIdentity(settings, address, directory);
				const answers = createGuestAnswers({ identity, directory, documents, passwords });
				return createGuestListener({ address, mode: settings.mode, answers, log, metrics, limits });
			}),
		),
	);
	const close = async () => {
		await Promise.all(listeners.map((listener) => listener.close()));
	};
	try {
		const addresses: string[] = [];
		for (const [index, listener] of listeners.entries()) {
			addresses.push(await withLocation(options.listeners[index]?.place, listener.start));
		}
		return { addresses, close };
	} catch (error) {
		await close();
		throw error;
	}
}
