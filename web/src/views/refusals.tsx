import type { Refusals } from "../lib/api.ts";
import { useRevision } from "../lib/events.ts";
import { useResource } from "../lib/resource.ts";
import { Link } from "../lib/router.tsx";
import { plural } from "../lib/text.ts";
import { Empty, Loading, Problem, Time } from "../parts/basics.tsx";

type Refusal = Refusals[number];

/** Requests that no instance was found for: who asked, what was wrong, which instance it nearly was. */
export function RefusalsView() {
	const { data, error } = useResource<Refusals>("/api/refusals", useRevision("refusals"));
	return (
		<main>
			<h1>Refusals</h1>
			<p class="muted">
				Requests that no instance was found for, by their source. What a request says about itself is not proved.
			</p>
			{error !== undefined && <Problem message={error} />}
			{data === undefined && error === undefined && <Loading />}
			{data?.length === 0 && <Empty>No request has been refused.</Empty>}
			{data !== undefined && data.length > 0 && (
				<ul class="cards">
					{data.map((refusal) => (
						<Card key={JSON.stringify([refusal.source, refusal.reason, refusal.listener])} refusal={refusal} />
					))}
				</ul>
			)}
		</main>
	);
}

function Card({ refusal }: { readonly refusal: Refusal }) {
	const {
		source,
		reason,
		meaning,
		status,
		listener,
		node,
		count,
		firstAt,
		lastAt,
		path,
		userAgent,
		detail,
		nearMisses,
	} = refusal;
	return (
		<li>
			<h2>
				<code>{source.address ?? source.instance ?? source.peer ?? "unix socket"}</code>{" "}
				<span class="badge outdated">
					{status} {reason}
				</span>
			</h2>
			<p>{withCode(meaning)}</p>
			{detail !== "" && <p class="mono">{detail}</p>}
			<p class="muted">
				{plural(count, "time")}, first <Time at={firstAt} />, last <Time at={lastAt} />, for <code>/{path}</code> at
				listener <code>{listener}</code> of node {node}
				{userAgent !== "" && `, by ${userAgent}`}
			</p>
			<p class="muted">{sourceText(source)}</p>
			{nearMisses.length > 0 ? (
				<>
					<h3>It nearly was</h3>
					<ul>
						{nearMisses.map(({ instance, name, port, why }) => (
							<li key={`${instance} ${port}`}>
								<Link href={`/instances/${encodeURIComponent(instance)}`}>{name}</Link>: {why}
								{port !== undefined && (
									<small>
										{" "}
										(port <code>{port}</code>)
									</small>
								)}
							</li>
						))}
					</ul>
				</>
			) : (
				<p class="muted">No instance comes near.</p>
			)}
		</li>
	);
}

function sourceText({ peer, address, networkId, routerId, instance, projectId }: Refusal["source"]): string {
	const parts = [
		["peer", peer],
		["forwarded for", address],
		["network", networkId],
		["router", routerId],
		["instance", instance],
		["project", projectId],
	].flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
	return parts.length === 0 ? "" : `The request says: ${parts.join(", ")}.`;
}

/** Text with what is between backticks as code. */
function withCode(text: string) {
	return text.split("`").map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part));
}
