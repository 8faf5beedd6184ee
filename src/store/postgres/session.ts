/** A connection of its own, for what belongs to a session: an advisory lock, LISTEN. */
import pg from "pg";

/** For connecting and for each query, in milliseconds. */
const TIMEOUT = 2000;
/** How often a session is tested, in milliseconds. */
const HEARTBEAT = 2000;

export interface Session {
	readonly client: pg.Client;
	/** Aborts when the connection has failed, or has not answered for `HEARTBEAT` + `TIMEOUT`. */
	readonly lost: AbortSignal;
	close(): void;
}

/**
 * Connects. The server, too, gives up a client that vanished without a word: it would keep the client's locks for
 * hours. (Unix sockets have no such settings and need none.)
 */
export async function openSession(url: string): Promise<Session> {
	const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT, query_timeout: TIMEOUT });
	const lost = new AbortController();
	const end = () => {
		clearInterval(timer);
		lost.abort();
		(client as unknown as { readonly connection: pg.Connection }).connection.stream.destroy();
	};
	const timer = setInterval(() => void client.query("select 1").catch(end), HEARTBEAT).unref();
	client.on("error", end);
	client.on("end", end);
	try {
		await client.connect();
		await client.query("set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 3");
	} catch (error) {
		end();
		throw error;
	}
	return { client, lost: lost.signal, close: end };
}
