import { useEffect, useState } from "preact/hooks";
import type { Status } from "../lib/api.ts";
import { useResource } from "../lib/resource.ts";
import { plural } from "../lib/text.ts";
import { Loading, Problem, Section, Time } from "../parts/basics.tsx";

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
		<main>
			<h1>Cloud</h1>
			{error !== undefined && <Problem message={error} />}
			{data === undefined ? error === undefined && <Loading /> : <StatusDetails status={data} />}
		</main>
	);
}

function StatusDetails({ status }: { readonly status: Status }) {
	const { isReady, isOutdated, version, source, instances, isComplete, nodes, metrics } = status;
	const groups = Map.groupBy(metrics, ({ name }) => GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? "Other");
	return (
		<>
			<dl class="facts">
				<div>
					<dt>Service</dt>
					<dd>
						<span class={`badge ${isReady ? "current" : "outdated"}`}>{isReady ? "ready" : "not ready"}</span> version{" "}
						{version}
					</dd>
				</div>
				<div>
					<dt>Source</dt>
					<dd>
						{source}
						{isOutdated && <span class="badge outdated">invalid: the last valid state is served</span>}
					</dd>
				</div>
				<div>
					<dt>Instances</dt>
					<dd>
						{plural(instances, "instance")}
						{!isComplete && ", still reading"}
					</dd>
				</div>
			</dl>
			<Section id="nodes" title="Nodes">
				{nodes.length === 0 ? (
					<p class="empty">No node has answered a guest yet.</p>
				) : (
					<ul>
						{nodes.map(({ name, lastAt }) => (
							<li key={name}>
								<code>{name}</code>, last answer <Time at={lastAt} />
							</li>
						))}
					</ul>
				)}
			</Section>
			{GROUPS.flatMap(([title]) => {
				const own = groups.get(title);
				return own === undefined ? [] : [<MetricTable key={title} title={title} metrics={own} />];
			})}
		</>
	);
}

function MetricTable({ title, metrics }: { readonly title: string; readonly metrics: readonly Metric[] }) {
	const rows = metrics.flatMap(({ name, help, values }) => values.map((value) => ({ name, help, ...value })));
	const hasLabels = rows.some(({ labels }) => Object.keys(labels).length > 0);
	const id = title.replace(/\W/g, "-");
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
