import { useMemo } from "preact/hooks";
import { CLIENT_NAMES } from "../../../src/check/clients/names.ts";
import { type GuestDetails, ofInstance, type Verdict, type Wiring } from "../lib/api.ts";
import { useRevision } from "../lib/events.ts";
import { useResource } from "../lib/resource.ts";
import { Link, place, setParameters } from "../lib/router.tsx";
import { clientText, plural } from "../lib/text.ts";
import { Fact, Findings, Loading, Main, Problem, Section, StateBadge, Time, withCode } from "../parts/basics.tsx";
import { WiringPicture } from "../wiring/wiring-picture.tsx";
import { WiringTable } from "../wiring/wiring-table.tsx";
import { Documents } from "./documents.tsx";
import { InstanceRenderings } from "./instance-renderings.tsx";
import { Timeline } from "./timeline.tsx";

/** One guest: how it is wired and why, what it got, what it would get. */
export function InstanceView({ id }: { readonly id: string }) {
	const revision = useRevision({ guest: id });
	const { data, error } = useResource<GuestDetails>(ofInstance(id, "guest"), revision);
	return (
		<Main title={data?.name ?? id}>
			{error !== undefined && (
				<Problem message={error}>
					<Link href="/">Show all instances</Link>
				</Problem>
			)}
			{data === undefined ? error === undefined && <Loading /> : <Details guest={data} revision={revision} />}
		</Main>
	);
}

function Details({ guest, revision }: { readonly guest: GuestDetails; readonly revision: number }) {
	const { id, name, state, outdatedSince } = guest;
	return (
		<>
			<h1>
				<bdi>{name}</bdi> <StateBadge state={state} since={outdatedSince} />
			</h1>
			<Facts guest={guest} />
			<StateNote guest={guest} />
			<WiringSection guest={guest} revision={revision} />
			<Section id="documents" title="Documents">
				<Documents guest={guest} revision={revision} />
			</Section>
			<CheckSection guest={guest} revision={revision} />
			<Section id="renderings" title="Native configuration and config drive">
				<InstanceRenderings id={id} revision={revision} />
			</Section>
			<Section id="requests" title="Requests">
				<Timeline requests={guest.recent} />
			</Section>
		</>
	);
}

function Facts({ guest }: { readonly guest: GuestDetails }) {
	const { id, projectId, networks, client, firstAt, lastAt, requests, failures, node } = guest;
	return (
		<dl class="facts">
			<Fact name="Id">
				<code>{id}</code>
			</Fact>
			{projectId !== undefined && (
				<Fact name="Project">
					<code>{projectId}</code>
				</Fact>
			)}
			{networks.length > 0 && (
				<Fact name={networks.length === 1 ? "Network" : "Networks"}>
					{networks.map(({ id: network, name: label }) => (
						<span key={network}>
							<Link href={`/?network=${encodeURIComponent(network)}`}>{label || network}</Link>{" "}
						</span>
					))}
				</Fact>
			)}
			<Fact name="Client">{client === undefined ? "not known" : clientText(client)}</Fact>
			{firstAt !== undefined && (
				<Fact name="First seen">
					<Time at={firstAt} />
				</Fact>
			)}
			{lastAt !== undefined && (
				<Fact name="Last seen">
					<Time at={lastAt} />
				</Fact>
			)}
			<Fact name="Requests">{`${plural(requests, "request")}, ${plural(failures, "failure")}`}</Fact>
			{node !== undefined && <Fact name="Node">{node}</Fact>}
		</dl>
	);
}

/** What is wrong, if the guest has not got what it asked for. */
function StateNote({ guest: { id, state, failure } }: { readonly guest: GuestDetails }) {
	return (
		<>
			{failure !== undefined && (
				<Problem message={`The last request failed (${failure.reason}).`}>
					<p>
						{withCode(failure.meaning)} {withCode(failure.advice)}
					</p>
				</Problem>
			)}
			{state === "never" && (
				<p class="empty">
					This guest has never asked. Its image may have no agent that reads metadata, its NIC may be down, or its
					requests do not arrive: see <Link href="/refusals">Refusals</Link>.
				</p>
			)}
			{state === "refused" && (
				<p class="empty">
					Requests that nearly matched this guest were refused. See{" "}
					<Link href={`/refusals?q=${encodeURIComponent(id)}`}>what was wrong, and what to do</Link>.
				</p>
			)}
		</>
	);
}

function WiringSection({ guest, revision }: { readonly guest: GuestDetails; readonly revision: number }) {
	const { data, error } = useResource<Wiring>(ofInstance(guest.id, "wiring"), revision);
	const { networks } = guest;
	const names = useMemo(() => new Map(networks.map(({ id, name }) => [id, name])), [networks]);
	return (
		<Section id="wiring" title="Wiring">
			{error !== undefined && <Problem message={error} />}
			{data !== undefined && (
				<>
					<WiringPicture document={data.document} names={names} />
					<details>
						<summary>Every value, and where it comes from</summary>
						<WiringTable document={data.document} origins={data.origins} />
					</details>
				</>
			)}
		</Section>
	);
}

function CheckSection({ guest, revision }: { readonly guest: GuestDetails; readonly revision: number }) {
	const chosen = place.value.parameters.get("check") ?? "";
	const query = chosen === "" ? "" : `?client=${encodeURIComponent(chosen)}`;
	const { data, error } = useResource<Verdict>(ofInstance(guest.id, `check${query}`), revision);
	const judged = data?.client === undefined ? "all clients" : clientText(data.client);
	return (
		<Section id="check" title="Check">
			<label>
				Client{" "}
				<select value={chosen} onChange={({ currentTarget }) => setParameters({ check: currentTarget.value })}>
					<option value="">{judgedText(guest.client)}</option>
					{CLIENT_NAMES.map((name) => (
						<option key={name} value={name}>
							{name}
						</option>
					))}
				</select>
			</label>
			{error !== undefined && <Problem message={error} />}
			{data !== undefined && <Findings findings={data.findings} empty={`Nothing to report for ${judged}.`} />}
		</Section>
	);
}

/** Whom the check judges unless another client is chosen. */
function judgedText(client: string | undefined): string {
	if (client === undefined) return "all clients (which one asks is not known)";
	const isKnown = CLIENT_NAMES.some((name) => name === client.split("@", 1)[0]);
	const text = clientText(client);
	return isKnown ? `the one that asked: ${text}` : `all clients (the check does not know ${text})`;
}
