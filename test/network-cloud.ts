/** A cloud that has one network, and a bus that works. */
import type { RemoteSource, Sender, SignalHandler } from "../src/source/remote-source.ts";
import type { Resource } from "../src/source/resource.ts";

export interface NetworkCloud {
	readonly remote: RemoteSource;
	/** Renames the network, without a message. */
	rename(name: string): void;
	/** A message arrives, or several. */
	send(message: (handler: SignalHandler) => void): void;
}

/** Who reports the changes of networks. */
export const NEUTRON: Sender = { name: "neutron", title: "Neutron", kinds: ["network"], advice: "switch it on" };

export const network = (id: string): Resource<"network"> => ({
	...{ kind: "network", id, requestedAt: 1, revision: 1 },
	content: { id, name: id, mtu: 1500, tags: [] },
});

/** @param now milliseconds since 1970 */
export function createNetworkCloud(
	id: string,
	senders: readonly Sender[] = [],
	now: () => number = Date.now,
): NetworkCloud {
	let only = network(id);
	const handlers = new Set<SignalHandler>();
	const nothing = async () => ({ resources: [], gone: [], unreadable: [], requestedAt: now() });
	const resources: RemoteSource["resources"] = {
		kinds: ["network"],
		page: async () => ({ resources: [only], unreadable: [] }),
		revisionPage: async () => ({ revisions: [{ id, revision: only.revision ?? 0 }], requestedAt: now() }),
		byId: async (_kind, ids) => ({
			...(await nothing()),
			resources: ids.includes(id) ? [{ ...only, requestedAt: now() }] : [],
			gone: ids.filter((other) => other !== id),
		}),
		referringTo: nothing,
	};
	const listen: RemoteSource["signals"][number]["listen"] = (handler) => {
		handlers.add(handler);
		handler.onGap(undefined, "mq:5672/");
		return async () => void handlers.delete(handler);
	};
	const signals = [{ name: "bus", neededFor: "every kind", senders, listen }];
	return {
		remote: { resources, signals, close: async () => {} } as unknown as RemoteSource,
		rename(name) {
			only = { ...only, revision: (only.revision ?? 0) + 1, content: { ...only.content, name } };
		},
		send(message) {
			for (const handler of handlers) message(handler);
		},
	};
}
