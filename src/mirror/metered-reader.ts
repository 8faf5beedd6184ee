/** Measures the requests to the source. */
import type { ResourceReader } from "../source/remote-source.ts";
import type { ResourceKind } from "../source/resource.ts";
import type { Clock } from "./clock.ts";
import type { MirrorEvents } from "./mirror-events.ts";

const KIND_OF = {
	"ports of devices": "port",
	"ports of networks": "port",
	"DHCP ports of networks": "port",
	"trunks of ports": "trunk",
	"floating IPs of ports": "floatingip",
} as const;

export function meterReader(reader: ResourceReader, clock: Clock, events: MirrorEvents): ResourceReader {
	async function measure<T>(kind: ResourceKind, request: () => Promise<T>): Promise<T> {
		const startedAt = clock.now();
		let failed = true;
		try {
			const result = await request();
			failed = false;
			return result;
		} finally {
			events.onRequest(kind, (clock.now() - startedAt) / 1000, failed);
		}
	}
	return {
		...reader,
		page: (kind, options, signal) => measure(kind, () => reader.page(kind, options, signal)),
		revisionPage: (kind, options, signal) => measure(kind, () => reader.revisionPage(kind, options, signal)),
		byId: (kind, ids, signal) => measure(kind, () => reader.byId(kind, ids, signal)),
		referringTo: (reference, ids, signal) =>
			measure(KIND_OF[reference], () => reader.referringTo(reference, ids, signal)),
	};
}
