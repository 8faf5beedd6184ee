import { KNOWN_PROGRAMS } from "../../../src/service/request-history/user-agents.ts";
import { type Guest, ofInstance, type SearchPage, type Wiring } from "../lib/api.ts";
import { useRevision } from "../lib/events.ts";
import { useResource } from "../lib/resource.ts";
import { Link, place, setParameters } from "../lib/router.tsx";
import { clientText, plural } from "../lib/text.ts";
import { Empty, Loading, Main, Problem, STATE_NAMES, StateBadge, Time } from "../parts/basics.tsx";
import { PageButtons, SearchInput } from "../parts/list.tsx";
import { WiringPicture } from "../wiring/wiring-picture.tsx";

const COLUMNS = [
	["name", "Name"],
	["state", "State"],
	["client", "Client"],
	["seen", "Last seen"],
	["project", "Project"],
	["", "Addresses"],
] as const;
const CLIENTS = [...KNOWN_PROGRAMS, "unknown"];
/** Instances with which the page has room for the picture of the first one. */
const FEW = 8;
/** Addresses of a row. */
const MAX_ADDRESSES = 4;

/** All guests: a search, filters in the address, and pages. */
export function InstancesView() {
	const { parameters } = place.value;
	const revision = useRevision("guests");
	const { data, error } = useResource<SearchPage>(`/api/search?${parameters}`, revision);
	const [first] = data?.guests ?? [];
	return (
		<Main>
			<h1 class="hidden">Instances</h1>
			<SearchForm />
			{error !== undefined && <Problem message={error} />}
			{data === undefined ? error === undefined && <Loading /> : <Results page={data} />}
			{data !== undefined && first !== undefined && data.total <= FEW && (
				<Preview key={first.id} guest={first} revision={revision} />
			)}
		</Main>
	);
}

function SearchForm() {
	const { parameters } = place.value;
	const value = (name: string) => parameters.get(name) ?? "";
	return (
		<search>
			<form class="filters" onSubmit={(event) => event.preventDefault()}>
				<SearchInput hint="Name, id, address, MAC, project, network or client" />
				<label>
					State{" "}
					<select
						value={value("state")}
						onChange={({ currentTarget }) => setParameters({ state: currentTarget.value, cursor: "" }, { push: true })}
					>
						<option value="">any</option>
						{STATE_NAMES.map(([state, name]) => (
							<option key={state} value={state}>
								{name}
							</option>
						))}
					</select>
				</label>
				<label>
					Client{" "}
					<select
						value={value("client")}
						onChange={({ currentTarget }) => setParameters({ client: currentTarget.value, cursor: "" }, { push: true })}
					>
						<option value="">any</option>
						{CLIENTS.map((client) => (
							<option key={client} value={client}>
								{client}
							</option>
						))}
					</select>
				</label>
				<SortChoice />
				<FilterChip name="project" />
				<FilterChip name="network" />
			</form>
		</search>
	);
}

/** A filter that a link has set. */
function FilterChip({ name }: { readonly name: string }) {
	const value = place.value.parameters.get(name);
	if (value === null) return null;
	return (
		<button type="button" class="chip" onClick={() => setParameters({ [name]: "", cursor: "" }, { push: true })}>
			{name}: {value} <span aria-hidden="true">×</span>
			<span class="hidden">remove</span>
		</button>
	);
}

function Results({ page }: { readonly page: SearchPage }) {
	const { guests, total, next, isComplete } = page;
	const { parameters } = place.value;
	if (guests.length === 0) {
		return <NoResults isFiltered={[...parameters.keys()].length > 0} isComplete={isComplete} />;
	}
	return (
		<>
			<p class="muted" role="status">
				{plural(total, "instance")}
				{!isComplete && ", still reading the cloud"}
			</p>
			<table class="guests">
				<thead>
					<tr>
						{COLUMNS.map(([sort, title]) => (
							<Heading key={title} sort={sort} title={title} />
						))}
					</tr>
				</thead>
				<tbody>
					{guests.map((guest) => (
						<Row key={guest.id} guest={guest} />
					))}
				</tbody>
			</table>
			<PageButtons next={next} />
		</>
	);
}

function NoResults({ isFiltered, isComplete }: { readonly isFiltered: boolean; readonly isComplete: boolean }) {
	return (
		<Empty>
			<p>
				{isFiltered
					? "No instance matches."
					: isComplete
						? "There are no instances."
						: "No instance has been read yet."}
			</p>
			{!isComplete && (
				<p>
					The instances are still being read. <Link href="/cloud">Cloud</Link> shows how far, and whether the cloud
					answers.
				</p>
			)}
			{isFiltered && <Link href="/">Show all instances</Link>}
			{!isFiltered && isComplete && (
				<p>Create a server in the cloud, or add one to the inventory: it appears here automatically.</p>
			)}
		</Empty>
	);
}

function currentSort(): { readonly sort: string; readonly isDescending: boolean } {
	const { parameters } = place.value;
	return { sort: parameters.get("sort") ?? "name", isDescending: parameters.get("order") === "desc" };
}

function sortBy(sort: string, isDescending: boolean): void {
	const order = isDescending ? "desc" : "";
	setParameters({ sort: sort === "name" ? "" : sort, order, cursor: "" }, { push: true });
}

function Heading({ sort, title }: { readonly sort: string; readonly title: string }) {
	if (sort === "") return <th scope="col">{title}</th>;
	const { sort: current, isDescending } = currentSort();
	const isCurrent = current === sort;
	const direction = isDescending ? "descending" : "ascending";
	return (
		<th scope="col" aria-sort={isCurrent ? direction : "none"}>
			<button type="button" class="sort" onClick={() => sortBy(sort, isCurrent && !isDescending)}>
				{title}
				<span aria-hidden="true">{isCurrent ? (isDescending ? " ▼" : " ▲") : ""}</span>
			</button>
		</th>
	);
}

/** In place of the headings, for which a phone has no room. */
function SortChoice() {
	const { sort: current, isDescending } = currentSort();
	const columns = COLUMNS.filter(([sort]) => sort !== "");
	return (
		<label class="sorting">
			Sort{" "}
			<select
				value={`${current} ${isDescending}`}
				onChange={({ currentTarget }) => {
					const [sort = "", descending] = currentTarget.value.split(" ");
					sortBy(sort, descending === "true");
				}}
			>
				{[false, true].flatMap((descending) =>
					columns.map(([sort, title]) => (
						<option key={`${sort} ${descending}`} value={`${sort} ${descending}`}>
							{title}
							{descending && ", descending"}
						</option>
					)),
				)}
			</select>
		</label>
	);
}

function Row({ guest }: { readonly guest: Guest }) {
	const { id, name, state, outdatedSince, client, lastAt, projectId, addresses } = guest;
	return (
		<tr>
			<th scope="row">
				<Link href={`/instances/${encodeURIComponent(id)}`}>{name}</Link>
				{name !== id && <small class="mono">{id}</small>}
			</th>
			<td data-title="State">
				<StateBadge state={state} since={outdatedSince} />
			</td>
			<td data-title="Client" class={client === undefined ? "blank" : ""}>
				{client === undefined ? "—" : clientText(client)}
			</td>
			<td data-title="Last seen" class={lastAt === undefined ? "blank" : ""}>
				{lastAt === undefined ? "—" : <Time at={lastAt} />}
			</td>
			<td data-title="Project" class={projectId === undefined ? "blank" : ""}>
				{projectId === undefined ? (
					"—"
				) : (
					<Link href={`/?project=${encodeURIComponent(projectId)}`} class="mono">
						{projectId.length > 12 ? `${projectId.slice(0, 8)}…` : projectId}
					</Link>
				)}
			</td>
			<td data-title="Addresses" class="mono">
				{addresses.slice(0, MAX_ADDRESSES).join(" ")}
				{addresses.length > MAX_ADDRESSES && ` +${addresses.length - MAX_ADDRESSES}`}
				{addresses.length === 0 && "—"}
			</td>
		</tr>
	);
}

function Preview({ guest, revision }: { readonly guest: Guest; readonly revision: number }) {
	const { data } = useResource<Wiring>(ofInstance(guest.id, "wiring"), revision);
	if (data === undefined) return null;
	const names = new Map(guest.networks.map(({ id, name }) => [id, name]));
	return (
		<section aria-labelledby="preview">
			<h2 id="preview">
				Wiring of <Link href={`/instances/${encodeURIComponent(guest.id)}`}>{guest.name}</Link>
			</h2>
			<WiringPicture document={data.document} names={names} />
		</section>
	);
}
