/** The request history in a real PostgreSQL. */
import { afterAll, beforeAll, describe } from "vitest";
import { storesHistory } from "../history-contract.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "./postgres-server.ts";

describe.skipIf(!hasPostgres)("PostgreSQL (apt-get install postgresql)", () => {
	let server: PostgresServer;

	beforeAll(() => {
		server = startPostgres();
	});

	afterAll(() => server.stop());

	storesHistory(async () => ({ postgres: server.createDatabase() }));
});
