import type { Refusals } from "../lib/api.ts";
import { useRevision } from "../lib/events.ts";
import { useResource } from "../lib/resource.ts";
import { Link, place } from "../lib/router.tsx";
import { plural } from "../lib/text.ts";
import { Empty, Loading, Main, Problem, Time, withCode } from "../parts/basics.tsx";
import { PageButtons, SearchBox } from "../parts/list.tsx";

type Refusal = Refusals["refusals"][number];

/** Requests that no instance was found for: who asked, what was wrong, which instance it nearly was. */
export function RefusalsView() {
	const { parameters } = place.value;
	const query = parameters.toString();
	const { data, error } = useResource<Refusals>(`/api/refusals${query && `?${query}`}`, useRevision("refusals"));
	return (
		<Main title="Refusals">
			<h1>Refusals</h1>
			<p class="muted">
				Requests that no instance was found for, by their source. What a request says about itself is not proved.
			</p>
			<SearchBox hint="Address, network, instance, project, reason, path or user agent" />
			{error !== undefined && <Problem message={error} />}
			{data === undefined ? error === undefined && <Loading /> : <Results page={data} isSearch={query !== ""} />}
		</Main>
	);
}

function Results({ page, isSearch }: { readonly page: Refusals; readonly isSearch: boolean }) {
	const { refusals, total, next } = page;
	if (refusals.length === 0) {
		return isSearch ? (
			<Empty>
				<p>No refusal matches.</p>
				<Link href="/refusals">Show all refusals</Link>
			</Empty>
		) : (
			<Empty>
				No request has been refused. A guest that gets nothing and is not listed here does not reach Guestwire: look at
				its NIC, its route to 169.254.169.254 and the metadata proxy.
			</Empty>
		);
	}
	return (
		<>
			<p class="muted" role="status">
				{plural(total, "source")}
			</p>
			<ul class="cards">
				{refusals.map((refusal) => (
					<Card key={JSON.stringify([refusal.source, refusal.reason, refusal.listener])} refusal={refusal} />
				))}
			</ul>
			<PageButtons next={next} />
		</>
	);
}

function Card({ refusal }: { readonly refusal: Refusal }) {
	const { source, status, reason, meaning, advice, detail, nearMisses } = refusal;
	const { count, firstAt, lastAt, path, listener, node, userAgent } = refusal;
	return (
		<li>
			<h2>
				<code>{source.address ?? source.instance ?? source.peer ?? "unix socket"}</code>{" "}
				<span class="badge outdated">
					{status} {reason}
				</span>
			</h2>
			<p>
				{withCode(meaning)} {withCode(advice)}
			</p>
			{detail !== "" && (
				<p>
					<small>Detail</small> <span class="mono">{detail}</span>
				</p>
			)}
			<p class="muted">
				{plural(count, "time")}, first <Time at={firstAt} />, last <Time at={lastAt} />, for <code>/{path}</code> at
				listener <code>{listener}</code> of node {node}
				{userAgent !== "" && (
					<>
						, by <bdi>{userAgent}</bdi>
					</>
				)}
			</p>
			<SourceText source={source} />
			<NearMisses misses={nearMisses} />
		</li>
	);
}

function NearMisses({ misses }: { readonly misses: Refusal["nearMisses"] }) {
	if (misses.length === 0) return <p class="muted">No instance nearly matched.</p>;
	return (
		<>
			<h3>{misses.length === 1 ? "The instance it nearly matched" : "Instances it nearly matched"}</h3>
			<ul>
				{misses.map(({ instance, name, port, why }) => (
					<li key={`${instance} ${port}`}>
						<Link href={`/instances/${encodeURIComponent(instance)}`}>{name}</Link>: {withCode(why)}
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
	);
}

function SourceText({ source }: Pick<Refusal, "source">) {
	const { peer, address, networkId, routerId, instance, projectId, providerId } = source;
	const parts = [
		["peer", peer],
		["forwarded for", address],
		["network", networkId],
		["router", routerId],
		["provider", providerId],
		["instance", instance],
		["project", projectId],
	].filter(([, value]) => value !== undefined);
	if (parts.length === 0) return null;
	return (
		<p class="muted">
			The request says:{" "}
			{parts.map(([name, value], at) => (
				<span key={name}>
					{at > 0 && ", "}
					{name} <bdi>{value}</bdi>
				</span>
			))}
			.
		</p>
	);
}
