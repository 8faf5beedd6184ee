/** Who the browser is to the service. */
import { signal } from "@preact/signals";
import { getJson, type Session, sendJson } from "./api.ts";

const current = signal<Session | undefined>(undefined);
const problem = signal<string | undefined>(undefined);

export const session = {
	current,
	/** Why the session could not be read or ended. */
	problem,
	async load() {
		try {
			current.value = await getJson<Session>("/api/session");
			problem.value = undefined;
		} catch (error) {
			problem.value = (error as Error).message;
		}
	},
	async signIn(token: string) {
		await sendJson("POST", "/api/session", { token });
		await session.load();
	},
	async signOut() {
		try {
			await sendJson("DELETE", "/api/session");
		} catch (error) {
			problem.value = (error as Error).message;
			return;
		}
		await session.load();
	},
	/** The service does not know the cookie any more. */
	expire() {
		if (current.value?.role) current.value = { ...current.value, role: null };
	},
};
