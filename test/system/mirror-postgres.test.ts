/** The mirror in a real PostgreSQL. */
import { afterAll, beforeAll, describe } from "vitest";
import { storesMirror } from "../mirror-store-contract.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "./postgres-server.ts";

describe.skipIf(!hasPostgres)("PostgreSQL (apt-get install postgresql)", () => {
	let server: PostgresServer;

	beforeAll(() => {
		server = startPostgres();
	});

	afterAll(() => server.stop());

	storesMirror(async () => ({ postgres: server.createDatabase() }));
});
