/** The cloud of the soak test, in a process of its own. Its parent tells it how to behave. */
import { setTimeout as later } from "node:timers";
import { type Fault, startFakeOpenStack } from "../fake-openstack.ts";

export const BEHAVIOURS = ["normal", "slow", "hung", "away"] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

const FAULTS: Readonly<Record<Behaviour, Fault | undefined>> = {
	normal: undefined,
	slow: (_response, answer) => void later(answer, 1500),
	hung: () => {},
	away: (response) => void response.socket?.destroy(),
};

if (import.meta.main) {
	const fake = await startFakeOpenStack();
	// Unless it says otherwise, its tokens would be as old as the recording.
	fake.issuedAt = () => Date.now();
	process.on("message", (behaviour: Behaviour) => {
		fake.fault = () => FAULTS[behaviour];
		// Thousands of requests: only their number matters to nobody here.
		fake.requests.length = 0;
	});
	process.on("disconnect", () => process.exit());
	process.send?.(fake.env);
}
