import { useEffect, useState } from "preact/hooks";
import type { Status } from "../lib/api.ts";
import { useResource } from "../lib/resource.ts";
import { plural } from "../lib/text.ts";
import { Fact, Loading, Main, Problem, Section, Time } from "../parts/basics.tsx";
import { BothNote } from "./both.tsx";
import { DataFlow } from "./data-flow.tsx";
import { GuestRequests } from "./guest-requests.tsx";
import { useCounts } from "./metric-values.ts";

type Metric = Status["metrics"][number];

/** Milliseconds between two looks. */
const INTERVAL = 5000;

/** Groups of metrics, by the first words of their names; the first that fits. */
const GROUPS: readonly (readonly [title: string, pattern: RegExp])[] = [
	["Changes and signals", /^guestwire_(signal|change|gap|missed|invalid_signal)/],
	["Mirror", /^guestwire_mirror/],
	["Cloud API", /^guestwire_(api|cloud|token|source)/],
	["Cache", /^guestwire_cache/],
	["Guests' requests", /^guestwire_(request|listener|vendor)/],
	["Other", /^guestwire_/],
];

/** Whether data is flowing from the cloud to the guests. */
export function CloudView() {
	const [revision, setRevision] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => setRevision((last) => last + 1), INTERVAL);
		return () => clearInterval(timer);
	}, []);
	const { data, error } = useResource<Status>("/api/status", revision);
	return (
		<Main title="Cloud">
			<h1>Cloud</h1>
			{error !== undefined && <Problem message={error} />}
			{data === undefined ? error === undefined && <Loading /> : <StatusDetails status={data} />}
		</Main>
	);
}

function StatusDetails({ status }: { readonly status: Status }) {
	const { isReady, isOutdated, problems, version, source, instances, isComplete, nodes, metrics } = status;
	const counts = useCounts(metrics);
	const groups = Map.groupBy(metrics, ({ name }) => GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? "Other");
	const tables = GROUPS.flatMap(([title]) => {
		const own = groups.get(title);
		return own === undefined ? [] : [<MetricTable key={title} title={title} metrics={own} />];
	});
	return (
		<>
			<dl class="facts">
				<Fact name="Service">
					<span class={`badge ${isReady ? "current" : "outdated"}`}>{isReady ? "ready" : "not ready"}</span> version{" "}
					{version}
				</Fact>
				<Fact name="Source">
					{source} {isOutdated && <span class="badge outdated">invalid: the last valid state is served</span>}
				</Fact>
				<Fact name="Instances">
					{plural(instances, "instance")}
					{!isComplete && ", still reading"}
				</Fact>
			</dl>
			{!isReady && (
				<Problem message="Guests get no response: nothing is known about the cloud yet, or Guestwire is stopping. guestwire doctor checks every part." />
			)}
			{isOutdated && (
				<Problem message="The inventory on disk is invalid. Guestwire's log names the file and the mistake: once it is corrected, the inventory is read again." />
			)}
			{problems.map((problem) => (
				<Problem key={problem} message={`${problem}.`} />
			))}
			<BothNote />
			<DataFlow counts={counts} />
			<Nodes nodes={nodes} metrics={metrics} />
			<GuestRequests counts={counts} />
			<details>
				<summary>All metrics</summary>
				{tables}
			</details>
		</>
	);
}

function Nodes({ nodes, metrics }: Pick<Status, "nodes" | "metrics">) {
	const [leader] = metrics.find(({ name }) => name === "guestwire_mirror_leader_info")?.values ?? [];
	return (
		<Section id="nodes" title="Nodes">
			{nodes.length === 0 ? (
				<p class="empty">No node has said in the last hour that it runs.</p>
			) : (
				<ul>
					{nodes.map(({ name, seenAt, lastAt }) => (
						<li key={name}>
							<code>{name}</code>, seen <Time at={seenAt} />, {lastAt === undefined ? "no answer yet" : "last answer "}
							{lastAt !== undefined && <Time at={lastAt} />}
							{leader?.labels["host"] === name && ", keeps the mirror current"}
						</li>
					))}
				</ul>
			)}
		</Section>
	);
}

function MetricTable({ title, metrics }: { readonly title: string; readonly metrics: readonly Metric[] }) {
	const rows = metrics.flatMap(({ name, help, values }) => values.map((value) => ({ name, help, ...value })));
	const hasLabels = rows.some(({ labels }) => Object.keys(labels).length > 0);
	const id = `metrics-${title.replace(/\W/g, "-")}`;
	if (rows.length === 0) return null;
	return (
		<Section id={id} title={title}>
			<table>
				<thead>
					<tr>
						<th scope="col">What</th>
						{hasLabels && <th scope="col">Of</th>}
						<th scope="col">Value</th>
					</tr>
				</thead>
				<tbody>
					{rows.map(({ name, help, labels, value }) => {
						const of = Object.values(labels).join(", ");
						return (
							<tr key={`${name} ${of}`}>
								<th scope="row" title={name}>
									{help}
									{name.endsWith("_seconds") && ", in seconds"}
								</th>
								{hasLabels && (
									<td data-title="Of" class="mono">
										{of}
									</td>
								)}
								<td data-title="Value" class="mono">
									{Number.isInteger(value) ? value.toLocaleString("en") : value.toPrecision(3)}
								</td>
							</tr>
						);
					})}
				</tbody>
			</table>
		</Section>
	);
}
