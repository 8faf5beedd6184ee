/**
 * Many guests that request their documents in turn, in a process of their own:
 * `node bench/many-guests.ts ADDRESS GUESTS SECONDS [RATE]` prints the answers per second. Without a rate, as fast as they
 * are answered.
 */
import autocannon from "autocannon";
import { generated } from "./generate.ts";
import { headersOf } from "./service.ts";

const CONNECTIONS = 64;
/** As cloud-init boots. */
const DOCUMENTS = ["meta_data.json", "vendor_data.json", "vendor_data2.json", "network_data.json"];

const [url = "", guests = "", seconds = "", rate] = process.argv.slice(2);
const requestsOf = (guest: number) => {
	const headers = { ...headersOf(generated(guest)), "User-Agent": "Cloud-Init/25.1.4" };
	return DOCUMENTS.map((document) => ({ path: `/openstack/2018-08-27/${document}`, headers }));
};
let connections = 0;
const {
	"2xx": answered,
	non2xx,
	errors,
	duration,
} = await autocannon({
	url,
	connections: CONNECTIONS,
	duration: Number(seconds),
	...(rate !== undefined && { overallRate: Number(rate) }),
	setupClient(client) {
		// Each connection has guests of its own.
		const connection = connections++;
		const own = Array.from({ length: Number(guests) }, (_, n) => n).filter((n) => n % CONNECTIONS === connection);
		client.setRequests(own.flatMap(requestsOf));
	},
});
if (non2xx + errors > 0) throw new Error(`${non2xx} wrong answers and ${errors} errors from ${url}`);
console.log(answered / duration);
