/** What guests asked of this service since it started, and how it answered. */
import type { Status } from "../lib/api.ts";
import { plural } from "../lib/text.ts";
import { Fact, Problem, Section, TableHead } from "../parts/basics.tsx";
import { averageText, metricReader, sumAndCount, total } from "./metric-values.ts";

export function GuestRequests({ metrics }: { readonly metrics: Status["metrics"] }) {
	const read = metricReader(metrics);
	const ofIdentity = (name: string, identity: string) =>
		read(name).filter(({ labels }) => labels["identity"] === identity);
	const listeners = read("listener_up");
	const closed = listeners.filter(({ value }) => value === 0).map(({ labels }) => labels["listen"]);
	const dropped = total(read("history_requests_dropped_total"));
	const identities = [...new Set(listeners.map(({ labels }) => labels["identity"] ?? ""))];
	return (
		<Section id="requests" title="Guests' requests">
			{closed.length > 0 && <Problem message={`Guests can't connect: ${closed.join(", ")} is closed. See the log.`} />}
			{dropped > 0 && (
				<Problem
					message={`Since the service started, ${plural(dropped, "request")} could not be kept in the request history; the guests were answered. If the log says that the history can't be written, see to the state database. If there are many refusals, see where they come from. Otherwise the state needs a faster disk.`}
				/>
			)}
			<dl class="facts">
				<Fact name="Waiting now">{total(read("requests_waiting")).toLocaleString("en")}</Fact>
				<Fact name="Open connections">{total(read("listener_connections")).toLocaleString("en")}</Fact>
				<Fact name="Connections refused">{total(read("listener_connections_refused_total")).toLocaleString("en")}</Fact>
			</dl>
			<table>
				<TableHead titles={["Identity", "Listens on", "Requests", "Refused", "Average time"]} />
				<tbody>
					{identities.map((identity) => {
						const addresses = ofIdentity("listener_up", identity).map(({ labels }) => labels["listen"]);
						const refused = ofIdentity("requests_refused_total", identity).filter(({ value }) => value > 0);
						const reasons = refused.map(({ labels, value }) => `${value.toLocaleString("en")} ${labels["reason"]}`);
						const [seconds, count] = sumAndCount(ofIdentity("request_duration_seconds", identity));
						return (
							<tr key={identity}>
								<th scope="row">{identity}</th>
								<td data-title="Listens on" class="mono">
									{addresses.join(", ")}
								</td>
								<td data-title="Requests">{plural(total(ofIdentity("requests_total", identity)), "request")}</td>
								<td data-title="Refused">{reasons.length === 0 ? "0" : reasons.join(", ")}</td>
								<td data-title="Average time">{averageText(seconds, count)}</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</Section>
	);
}
