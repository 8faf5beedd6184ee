import type { GuestRequest } from "../lib/api.ts";
import { absoluteTime, bytesText, plural } from "../lib/text.ts";
import { Empty, Time } from "../parts/basics.tsx";

/** A pause after which requests belong to another boot, or another try. Milliseconds. */
const PAUSE = 60_000;

/** The guest's last requests, the latest boot first, each boot in the order of its requests. */
export function Timeline({ requests }: { readonly requests: readonly GuestRequest[] }) {
	if (requests.length === 0) {
		return <Empty>No requests yet. They appear here a second after the guest has sent them.</Empty>;
	}
	const slowest = Math.max(...requests.map(({ ms }) => ms));
	return (
		<ol class="boots">
			{boots(requests)
				.reverse()
				.map((boot) => (
					<Boot key={boot[0]?.at} requests={boot} slowest={slowest} />
				))}
		</ol>
	);
}

function Boot({ requests, slowest }: { readonly requests: readonly GuestRequest[]; readonly slowest: number }) {
	const start = requests[0]?.at ?? 0;
	const length = (requests.at(-1)?.at ?? start) - start;
	return (
		<li>
			<h3>
				<Time at={start} /> <small>{`${plural(requests.length, "request")} in ${(length / 1000).toFixed(1)} s`}</small>
			</h3>
			<table class="requests">
				<thead class="hidden">
					<tr>
						{["After", "Request", "Status", "Size", "Duration", "From"].map((title) => (
							<th key={title} scope="col">
								{title}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{requests.map((request, at) => (
						<RequestRow key={at} request={request} start={start} slowest={slowest} />
					))}
				</tbody>
			</table>
		</li>
	);
}

function RequestRow(props: { readonly request: GuestRequest; readonly start: number; readonly slowest: number }) {
	const { at, method, path, status, bytes, ms, userAgent, listener, node, reason } = props.request;
	const width = Math.max(2, Math.round((ms / props.slowest) * 60));
	return (
		<tr>
			<td class="mono" title={absoluteTime(at)}>
				+{((at - props.start) / 1000).toFixed(2)} s
			</td>
			<td class="mono">
				{method !== "GET" && `${method} `}/{path}
			</td>
			<td>
				<span class={`badge ${status < 400 ? "current" : "outdated"}`}>{status}</span> {reason}
			</td>
			<td>{bytesText(bytes)}</td>
			<td class="mono">
				<svg class="bar" width={62} height={8} aria-hidden="true">
					<rect width={width} height={8} rx={2} />
				</svg>{" "}
				{ms.toFixed(1)} ms
			</td>
			<td>
				<small>
					<bdi>{userAgent || "no user agent"}</bdi>
					{`, ${listener}, ${node}`}
				</small>
			</td>
		</tr>
	);
}

function boots(requests: readonly GuestRequest[]): GuestRequest[][] {
	const groups: GuestRequest[][] = [];
	for (const request of requests) {
		const group = groups.at(-1);
		const previous = group?.at(-1);
		if (group !== undefined && previous !== undefined && request.at - previous.at < PAUSE) group.push(request);
		else groups.push([request]);
	}
	return groups;
}
