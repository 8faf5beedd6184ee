/** Whether the mirror has what the cloud has, as numbers that belong together. */
import { durationText, plural } from "../lib/text.ts";
import { Fact, Problem, Section, TableHead, Time } from "../parts/basics.tsx";
import { Both } from "./both.tsx";
import {
	averageText,
	type Counts,
	having,
	type Read,
	sumAndCount,
	total,
	totalText,
	type Values,
} from "./metric-values.ts";

interface Props {
	readonly counts: Counts;
}

export function DataFlow({ counts }: Props) {
	// Without a mirror there is no leader, nor anything else to show.
	if (counts.all("mirror_fill_ratio").length === 0) return null;
	return (
		<>
			<MirrorFacts counts={counts} />
			<Signals counts={counts} />
			<ApiRequests counts={counts} />
		</>
	);
}

function MirrorFacts({ counts: { all, recent } }: Props) {
	const fill = total(all("mirror_fill_ratio"));
	const [leader] = all("mirror_leader_info");
	const token = total(all("token_remaining_seconds"));
	return (
		<Section id="mirror" title="Mirror">
			<dl class="facts">
				<Fact name="Fill">
					<span class={`badge ${fill === 1 ? "current" : "outdated"}`}>{fill === 1 ? "filled" : "filling"}</span>{" "}
					{Math.round(fill * 100)} %
				</Fact>
				<Fact name="Last known to be current">{ageText(all("mirror_age_seconds"))}</Fact>
				<Fact name="Resources">{totalText(all("mirror_resources"))}</Fact>
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
					<Both recent={missedText(recent)} all={missedText(all)} />
				</Fact>
				<Fact name="Token">{token > 0 ? `valid for ${durationText(token)}` : "none"}</Fact>
			</dl>
		</Section>
	);
}

function missedText(read: Read): string {
	const missed = read("missed_changes_total").filter(({ value }) => value > 0);
	return missed.map(({ labels, value }) => `${value.toLocaleString("en")} ${labels["kind"]}`).join(", ") || "0";
}

function Signals({ counts: { all, recent } }: Props) {
	const signals = all("signal_up").map(({ labels, value }) => ({ name: labels["signal"] ?? "", isUp: value === 1 }));
	const down = signals.filter(({ isUp }) => !isUp).map(({ name }) => name);
	const lagText = (read: Read, signal: string) => {
		const [seconds, changes] = sumAndCount(having(read("change_lag_seconds"), "signal", signal));
		return changes === 0 ? "—" : `${averageText(seconds, changes)} in ${plural(changes, "change")}`;
	};
	const counted = (name: string, signal: string) => (
		<Both
			recent={totalText(having(recent(name), "signal", signal))}
			all={totalText(having(all(name), "signal", signal))}
		/>
	);
	return (
		<Section id="signals" title="Signals">
			{down.length > 0 && (
				<Problem
					message={`Changes in the cloud are noticed late or not at all: ${down.join(", ")} ${down.length === 1 ? "is" : "are"} down. Guests get what the mirror has. The log has the reason; guestwire doctor checks every part.`}
				/>
			)}
			<p class="muted">
				What reports changes in the cloud. The lag is known only for messages on the bus; a poll sees a change at its
				next turn. After an interruption everything is compared with the cloud, because changes may have been missed.
			</p>
			{signals.length === 0 ? (
				<p class="empty">This process does not receive signals: the leader does, or there is no leader yet.</p>
			) : (
				<table>
					<TableHead titles={["Signal", "State", "Average lag", "Interruptions", "Invalid messages"]} />
					<tbody>
						{signals.map(({ name, isUp }) => (
							<tr key={name}>
								<th scope="row">{name}</th>
								<td data-title="State">
									<span class={`badge ${isUp ? "current" : "outdated"}`}>{isUp ? "up" : "down"}</span>
								</td>
								<td data-title="Average lag">
									<Both recent={lagText(recent, name)} all={lagText(all, name)} />
								</td>
								<td data-title="Interruptions">{counted("signal_gaps_total", name)}</td>
								<td data-title="Invalid messages">{counted("signal_invalid_total", name)}</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
		</Section>
	);
}

function ApiRequests({ counts }: Props) {
	const { all } = counts;
	const kinds = [...new Set(all("mirror_requests_total").map(({ labels }) => labels["kind"] ?? ""))].sort();
	const shares = all("mirror_api_share").map(({ labels, value }) => `${labels["api"]} ${(value * 100).toFixed(1)} %`);
	return (
		<Section id="api" title="Cloud API">
			{kinds.length === 0 ? (
				<p class="empty">No request to the cloud's API has finished yet.</p>
			) : (
				<>
					<p class="muted">
						In the last minute the mirror took this much of one worker of each API: {shares.join(", ") || "nothing"}.
					</p>
					<table>
						<TableHead titles={["Resource", "Requests", "Failed", "Average time"]} />
						<tbody>
							{kinds.map((kind) => (
								<ApiRow key={kind} kind={kind} counts={counts} />
							))}
						</tbody>
					</table>
				</>
			)}
		</Section>
	);
}

function ApiRow({ kind, counts: { all, recent } }: Props & { readonly kind: string }) {
	const requests = (read: Read) => having(read("mirror_requests_total"), "kind", kind);
	const failed = (read: Read) => having(requests(read), "outcome", "failed");
	const average = (read: Read) =>
		averageText(total(having(read("mirror_request_seconds_total"), "kind", kind)), total(requests(read)));
	const failures = total(failed(recent));
	return (
		<tr>
			<th scope="row">{kind.replaceAll("_", " ")}</th>
			<td data-title="Requests">
				<Both recent={totalText(requests(recent))} all={totalText(requests(all))} />
			</td>
			<td data-title="Failed">
				<Both
					recent={failures === 0 ? "0" : <span class="badge outdated">{plural(failures, "failure")}</span>}
					all={totalText(failed(all))}
				/>
			</td>
			<td data-title="Average time">
				<Both recent={average(recent)} all={average(all)} />
			</td>
		</tr>
	);
}

/** A mirror that has never been current has no age. */
function ageText([age]: Values): string {
	return age === undefined ? "never yet" : `${durationText(age.value)} ago`;
}
