/** Whether the mirror has what the cloud has, as numbers that belong together. */
import type { Status } from "../lib/api.ts";
import { durationText, plural } from "../lib/text.ts";
import { Fact, Problem, Section, TableHead, Time } from "../parts/basics.tsx";
import { averageText, metricReader, type Read, sumAndCount, total, type Values } from "./metric-values.ts";

export function DataFlow({ metrics }: Pick<Status, "metrics">) {
	// Without a mirror there is no leader, nor anything else to show.
	if (!metrics.some(({ name }) => name === "guestwire_mirror_leader_info")) return null;
	const read = metricReader(metrics);
	return (
		<>
			<MirrorFacts read={read} />
			<Signals read={read} />
			<ApiRequests read={read} />
		</>
	);
}

function MirrorFacts({ read }: { readonly read: Read }) {
	const fill = total(read("mirror_fill_ratio"));
	const [leader] = read("mirror_leader_info");
	const token = total(read("token_remaining_seconds"));
	const missed = read("missed_changes_total").filter(({ value }) => value > 0);
	return (
		<Section id="mirror" title="Mirror">
			<dl class="facts">
				<Fact name="Fill">
					<span class={`badge ${fill === 1 ? "current" : "outdated"}`}>{fill === 1 ? "filled" : "filling"}</span>{" "}
					{Math.round(fill * 100)} %
				</Fact>
				<Fact name="Last known to be current">{ageText(read("mirror_age_seconds"))}</Fact>
				<Fact name="Resources">{total(read("mirror_resources")).toLocaleString("en")}</Fact>
				<Fact name="Leader">
					{leader === undefined ? (
						"none yet"
					) : (
						<>
							<code>{leader.labels["host"]}</code>, process {leader.labels["pid"]}, since{" "}
							<Time at={leader.value * 1000} />
						</>
					)}
				</Fact>
				<Fact name="Missed changes">
					{missed.length === 0
						? "0"
						: missed.map(({ labels, value }) => `${value.toLocaleString("en")} ${labels["kind"]}`).join(", ")}
				</Fact>
				<Fact name="Token">{token > 0 ? `valid for ${durationText(token)}` : "none"}</Fact>
			</dl>
		</Section>
	);
}

function Signals({ read }: { readonly read: Read }) {
	const signals = read("signal_up").map(({ labels, value }) => ({ name: labels["signal"] ?? "", isUp: value === 1 }));
	const lag = read("change_lag_seconds");
	const ofSignal = (values: Values, name: string) => values.filter(({ labels }) => labels["signal"] === name);
	const down = signals.filter(({ isUp }) => !isUp).map(({ name }) => name);
	return (
		<Section id="signals" title="Signals">
			{down.length > 0 && (
				<Problem
					message={`Changes in the cloud are noticed late or not at all: ${down.join(", ")} ${down.length === 1 ? "is" : "are"} down. Guests get what the mirror has. The log has the reason; guestwire doctor checks every part.`}
				/>
			)}
			<p class="muted">
				What reports changes in the cloud. The lag is known only for messages on the bus; a poll sees a change at its
				next turn.
			</p>
			{signals.length === 0 ? (
				<p class="empty">This process does not receive signals: the leader does, or there is no leader yet.</p>
			) : (
				<table>
					<TableHead titles={["Signal", "State", "Average lag", "Gaps", "Not understood"]} />
					<tbody>
						{signals.map(({ name, isUp }) => {
							const [seconds, changes] = sumAndCount(ofSignal(lag, name));
							return (
								<tr key={name}>
									<th scope="row">{name}</th>
									<td data-title="State">
										<span class={`badge ${isUp ? "current" : "outdated"}`}>{isUp ? "up" : "down"}</span>
									</td>
									<td data-title="Average lag">
										{changes === 0 ? "—" : `${averageText(seconds, changes)} in ${plural(changes, "change")}`}
									</td>
									<td data-title="Gaps">{total(ofSignal(read("signal_gaps_total"), name))}</td>
									<td data-title="Not understood">{total(ofSignal(read("signal_invalid_total"), name))}</td>
								</tr>
							);
						})}
					</tbody>
				</table>
			)}
		</Section>
	);
}

function ApiRequests({ read }: { readonly read: Read }) {
	const requests = read("mirror_requests_total");
	const seconds = new Map(read("mirror_request_seconds_total").map(({ labels, value }) => [labels["kind"], value]));
	const kinds = Map.groupBy(requests, ({ labels }) => labels["kind"] ?? "");
	const shares = read("mirror_api_share").map(({ labels, value }) => `${labels["api"]} ${(value * 100).toFixed(1)} %`);
	return (
		<Section id="api" title="Cloud API">
			{kinds.size === 0 ? (
				<p class="empty">No request to the cloud's API has finished yet.</p>
			) : (
				<>
					<p class="muted">
						In the last minute the mirror took this much of one worker of each API: {shares.join(", ") || "nothing"}.
					</p>
					<table>
						<TableHead titles={["Requests for", "Requests", "Failed", "Average time"]} />
						<tbody>
							{Array.from(kinds, ([kind, values]) => {
								const failed = total(values.filter(({ labels }) => labels["outcome"] === "failed"));
								return (
									<tr key={kind}>
										<th scope="row">{kind}</th>
										<td data-title="Requests">{total(values).toLocaleString("en")}</td>
										<td data-title="Failed">
											{failed === 0 ? "0" : <span class="badge outdated">{plural(failed, "failure")}</span>}
										</td>
										<td data-title="Average time">{averageText(seconds.get(kind) ?? 0, total(values))}</td>
									</tr>
								);
							})}
						</tbody>
					</table>
				</>
			)}
		</Section>
	);
}

/** A mirror that has never been current has no age. */
function ageText([age]: Values): string {
	return age === undefined ? "never yet" : `${durationText(age.value)} ago`;
}
