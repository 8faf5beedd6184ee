/** The part of autocannon that the benchmarks use. It has no types of its own. */
declare module "autocannon" {
	interface Options {
		readonly url: string;
		readonly connections: number;
		/** Seconds. */
		readonly duration: number;
		readonly headers?: Readonly<Record<string, string>>;
		/** Requests per second of all connections together. */
		readonly overallRate?: number;
		/** Called for each connection. */
		readonly setupClient?: (client: Client) => void;
	}

	interface Client {
		/** The connection sends these in turn. */
		setRequests(requests: readonly Request[]): void;
	}

	interface Request {
		readonly path: string;
		readonly headers: Readonly<Record<string, string>>;
	}

	interface Result {
		readonly "2xx": number;
		readonly non2xx: number;
		readonly errors: number;
		/** Seconds. */
		readonly duration: number;
	}

	interface Run extends Promise<Result> {
		on(
			event: "response",
			listener: (client: unknown, status: number, bytes: number, milliseconds: number) => void,
		): this;
	}

	export default function autocannon(options: Options): Run;
}
