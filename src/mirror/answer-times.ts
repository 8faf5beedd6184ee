/** When the remote source answered instances: what the mirror has of them must not be older. */
import { LRUCache } from "lru-cache";
import type { Detail } from "../instance/instance.ts";
import type { Clock } from "./clock.ts";
import type { DatedReading, ReadingChecks } from "./dated-reading.ts";
import { requestedAtOf } from "./instance-reads.ts";

/** Instances remembered. Memory is taken as they come. */
export const REMEMBERED = { maxSize: 100_000, sizeCalculation: () => 1 };

export interface AnswerTimes {
	/** The remote source has answered the instance: older facts of it don't count. */
	set(id: string): void;
	has(id: string): boolean;
	/**
	 * When the remote source last answered the instance, from now on: it may answer a request for other details meanwhile,
	 * and a later reading that is as new makes it forgotten.
	 *
	 * @param before a time that counts as such an answer
	 */
	from(id: string, before: number): () => number;
	/** The instance was wholly read, from a time on, in milliseconds since 1970. */
	setRead(id: string, detail: Detail, startedAt: number): void;
	readSince(id: string): DatedReading["readSince"];
	/**
	 * Whether the reading is as new as an answer of the remote source: it was wholly read since. Newer records alone don't
	 * prove it, since nothing shows when a trunk or a floating IP is missing. A signal may be lost, so that otherwise only a
	 * comparison proves it, except for records that it could not read.
	 */
	isInOrder(found: DatedReading, detail: Detail, answeredAt?: number): boolean;
	/** Once the mirror is as new as any answer before in all details, it stays so. */
	forget(id: string, found: DatedReading): void;
}

export function createAnswerTimes(clock: Clock, isDoubtful: ReadingChecks["isDoubtful"]): AnswerTimes {
	const answeredAt = new LRUCache<string, number>(REMEMBERED);
	/** When those instances were last wholly read since. */
	const readSince = new LRUCache<string, DatedReading["readSince"]>(REMEMBERED);

	function isInOrder(found: DatedReading, detail: Detail, answeredAt = 0): boolean {
		if (answeredAt === 0) return true;
		const wholly = Math.max(found.readSince[detail] ?? 0, found.readSince.all ?? 0);
		if (wholly >= answeredAt && requestedAtOf(found, detail) >= answeredAt) return true;
		return found.reconciledAt >= answeredAt && !isDoubtful(found, detail);
	}

	return {
		set: (id) => void answeredAt.set(id, clock.now()),
		has: (id) => answeredAt.has(id),
		from(id, before) {
			const first = Math.max(before, answeredAt.get(id) ?? 0);
			return () => Math.max(first, answeredAt.get(id) ?? 0);
		},
		setRead: (id, detail, startedAt) => void readSince.set(id, { ...readSince.get(id), [detail]: startedAt }),
		readSince: (id) => readSince.get(id) ?? {},
		isInOrder,
		forget(id, found) {
			if (!isInOrder(found, "all", answeredAt.get(id))) return;
			answeredAt.delete(id);
			readSince.delete(id);
		},
	};
}
