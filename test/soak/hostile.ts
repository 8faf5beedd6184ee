/**
 * Hostile guests of the soak test, in a process of their own. The parent sends the targets, then `pause` and `resume`; it
 * is sent `paused`, and `leak` with each planted secret that an answer contains.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ATTACKS, type Target } from "./attacks.ts";

export interface HostileRequest {
	readonly targets: readonly (Omit<Target, "madeUp"> & { readonly madeUp: string })[];
	readonly secrets: readonly string[];
}

/** Attacks at the same time. */
const CONCURRENT = 4;

let isPaused = false;
const running = new Set<Promise<void>>();
let attacks = 0;

function run({ targets, secrets }: HostileRequest): void {
	const received = (text: string) => {
		for (const secret of secrets) if (text.includes(secret)) process.send?.({ leak: secret, text: text.slice(0, 300) });
	};
	const attacker = async (first: number) => {
		for (let n = first; ; n += CONCURRENT) {
			while (isPaused) await sleep(50);
			const attack = ATTACKS[n % ATTACKS.length];
			const target = targets[Math.floor(n / ATTACKS.length) % targets.length];
			if (attack === undefined || target === undefined) return;
			let made = 0;
			const madeUp = () => target.madeUp.replaceAll("#", () => `${(n * 7 + made++) % 250}`);
			const done = attack.run({ ...target, madeUp }, received);
			running.add(done);
			await done;
			running.delete(done);
			attacks++;
		}
	};
	for (let n = 0; n < CONCURRENT; n++) void attacker(n);
}

if (import.meta.main) {
	process.on("message", async (message: HostileRequest | "pause" | "resume") => {
		if (message === "pause") {
			isPaused = true;
			await Promise.all(running);
			process.send?.({ paused: attacks });
		} else if (message === "resume") isPaused = false;
		else run(message);
	});
	process.on("disconnect", () => process.exit());
}
