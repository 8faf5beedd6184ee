/** Answers of the remote source, for what the mirror lacks. */
import type { InstanceFacts } from "../instance/facts.ts";
import type { Detail } from "../instance/instance.ts";
import type { RemoteSource } from "../source/remote-source.ts";
import type { AnswerTimes } from "./answer-times.ts";
import type { MirrorState } from "./mirror-state.ts";

export interface RemoteAnswers {
	/** The instance's facts. The mirror reads it too, in the background, so that it has the instance next time. */
	facts(id: string, detail: Detail): Promise<InstanceFacts | undefined>;
	/** How many look-ups wait. */
	waiting(): number;
}

export interface RemoteAnswersOptions {
	readonly remote: Pick<RemoteSource, "facts">;
	readonly state: Pick<MirrorState, "isFilled">;
	readonly answerTimes: Pick<AnswerTimes, "set">;
	/** Reads an instance with all details into the mirror. */
	readonly read: (id: string) => Promise<void>;
}

/** Instances that are read for the first time while their guests are answered by the remote source. */
const MOST_PREPARED = 200;

export function createRemoteAnswers({ remote, state, answerTimes, read }: RemoteAnswersOptions): RemoteAnswers {
	const preparing = new Set<string>();
	let waiting = 0;

	/** The first fill reads everything anyway. */
	function prepare(id: string): void {
		if (!state.isFilled() || preparing.has(id) || preparing.size >= MOST_PREPARED) return;
		preparing.add(id);
		read(id)
			.catch(() => {})
			.finally(() => preparing.delete(id));
	}

	return {
		async facts(id, detail) {
			waiting++;
			const found = await remote.facts(id, detail).finally(() => void waiting--);
			// The answer shows some moment before it came.
			answerTimes.set(id);
			if (found !== undefined) prepare(id);
			return found;
		},
		waiting: () => waiting,
	};
}
