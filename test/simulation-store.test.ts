/** The simulation's storage does what SQLite and PostgreSQL do. */
import { keepsResources } from "./mirror-store-contract.ts";
import { createMemoryDatabase, openMemoryStore } from "./simulation/memory-store.ts";

keepsResources(async () => {
	const database = createMemoryDatabase();
	return {
		open: async () =>
			openMemoryStore(database, {
				run: async (_name, operation) => operation(),
				now: Date.now,
				lead: () => Promise.reject(new Error("only simulated processes lead")),
			}),
		close: async () => {},
	};
});
