/** What guests asked of this service, and how it answered. */
import { plural } from "../lib/text.ts";
import { Fact, Problem, Section, TableHead } from "../parts/basics.tsx";
import { Both } from "./both.tsx";
import { averageText, type Counts, having, type Read, sumAndCount, total, totalText } from "./metric-values.ts";

interface Props {
	readonly counts: Counts;
}

export function GuestRequests({ counts }: Props) {
	const { all, recent } = counts;
	const listeners = all("listener_up");
	const closed = listeners.filter(({ value }) => value === 0).map(({ labels }) => labels["listen"]);
	const dropped = total(all("history_requests_dropped_total"));
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
				<Fact name="Waiting now">{totalText(all("requests_waiting"))}</Fact>
				<Fact name="Open connections">{totalText(all("listener_connections"))}</Fact>
				<Fact name="Connections refused">
					<Both
						recent={totalText(recent("listener_connections_refused_total"))}
						all={totalText(all("listener_connections_refused_total"))}
					/>
				</Fact>
			</dl>
			<table>
				<TableHead titles={["Identity", "Listens on", "Requests", "Refused", "Average time"]} />
				<tbody>
					{identities.map((identity) => (
						<IdentityRow key={identity} identity={identity} counts={counts} />
					))}
				</tbody>
			</table>
		</Section>
	);
}

function IdentityRow({ identity, counts: { all, recent } }: Props & { readonly identity: string }) {
	const own = (read: Read, name: string) => having(read(name), "identity", identity);
	const refused = (read: Read) =>
		own(read, "requests_refused_total")
			.filter(({ value }) => value > 0)
			.map(({ labels, value }) => `${value.toLocaleString("en")} ${labels["reason"]}`)
			.join(", ") || "0";
	const average = (read: Read) => averageText(...sumAndCount(own(read, "request_duration_seconds")));
	return (
		<tr>
			<th scope="row">{identity}</th>
			<td data-title="Listens on" class="mono">
				{own(all, "listener_up")
					.map(({ labels }) => labels["listen"])
					.join(", ")}
			</td>
			<td data-title="Requests">
				<Both recent={totalText(own(recent, "requests_total"))} all={totalText(own(all, "requests_total"))} />
			</td>
			<td data-title="Refused">
				<Both recent={refused(recent)} all={refused(all)} />
			</td>
			<td data-title="Average time">
				<Both recent={average(recent)} all={average(all)} />
			</td>
		</tr>
	);
}
