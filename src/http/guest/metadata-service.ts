/** The metadata service: one or more listeners that serve guests the same documents. */
import { withLocation } from "../../errors.ts";
import type { GuestDocuments } from "../../service/guest-documents.ts";
import type { Log } from "../../service/log.ts";
import type { Metrics } from "../../service/metrics.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import type { GuestPasswords } from "../../store/password-store.ts";
import { parseListenAddress } from "../listen.ts";
import { createAdmission } from "./admission.ts";
import { createGuestHandler } from "./handler.ts";
import { createIdentity, type IdentitySettings } from "./identity/index.ts";
import { createGuestListener, type GuestListener, type Limits } from "./listener.ts";
import type { ReportOptions } from "./report.ts";

export interface MetadataListener {
	/** `host:port`, `[v6%zone]:port` or `unix:/path`. */
	readonly listen: string;
	readonly identity: IdentitySettings;
	/** Whether no other worker shares the address. Default: all of them do. */
	readonly isExclusive?: boolean;
	/** Where it is configured, for errors. */
	readonly location?: string;
}

export interface MetadataServiceOptions {
	readonly listeners: readonly MetadataListener[];
	readonly instances: Pick<InstanceCache, "get" | "revalidate" | "owners">;
	readonly documents: GuestDocuments;
	readonly passwords: GuestPasswords;
	readonly log: Log;
	readonly metrics: Metrics;
	readonly limits?: Partial<Limits>;
	/** Takes each answered request for the history. Default: there is none. */
	readonly record?: ReportOptions["record"];
}

export interface MetadataService {
	/** Where the listeners listen, in their order: `http://127.0.0.1:8775` or a socket's path. */
	readonly addresses: readonly string[];
	/** Takes no new connections, answers the requests in flight, then closes what is left. */
	close(): Promise<void>;
}

/** See the interfaces for what each one limits. */
export const DEFAULT_LIMITS: Limits = {
	budget: 5000,
	waiting: 10_000,
	waitingPerGuest: 128,
	connections: 10_000,
	connectionsPerGuest: 64,
	connectionsPerSecond: 100,
	unownedConnections: 2500,
	pipelined: 8,
	request: 10_000,
	write: 20_000,
	unread: 64 * 1024 * 1024,
	unreadPerGuest: 64,
};

/**
 * Starts all listeners, or none.
 *
 * @throws GuestwireError `config` for a listener that makes no sense, `listen` if an address can't be listened on
 */
export async function startMetadataService(options: MetadataServiceOptions): Promise<MetadataService> {
	const listeners = await Promise.all(
		options.listeners.map((settings) => withLocation(settings.location, () => createListener(settings, options))),
	);
	const close = async () => {
		await Promise.all(listeners.map((listener) => listener.close()));
	};
	try {
		const addresses: string[] = [];
		for (const [index, listener] of listeners.entries()) {
			addresses.push(await withLocation(options.listeners[index]?.location, listener.start));
		}
		return { addresses, close };
	} catch (error) {
		await close();
		throw error;
	}
}

function createListener(settings: MetadataListener, options: MetadataServiceOptions): GuestListener {
	const { instances, documents, passwords, log, metrics, record } = options;
	const limits = { ...DEFAULT_LIMITS, ...options.limits };
	const address = { ...parseListenAddress(settings.listen), exclusive: settings.isExclusive ?? false };
	const identity = createIdentity(settings.identity, address, instances);
	const admission = createAdmission(limits, metrics.waiting);
	const handler = createGuestHandler({ identity, instances, documents, passwords, admission });
	return createGuestListener({ address, mode: settings.identity.mode, handler, log, metrics, limits, record });
}
