import { useState } from "preact/hooks";
import { type GuestDetails, getText, ofInstance, type Versions } from "../lib/api.ts";
import { useResource } from "../lib/resource.ts";
import { place, setParameters } from "../lib/router.tsx";
import { session } from "../lib/session.ts";
import { absoluteTime, bytesText, readable } from "../lib/text.ts";
import { Problem, TableHead, Time } from "../parts/basics.tsx";
import { DiffView } from "../parts/diff-view.tsx";

type Document = GuestDetails["documents"][number];

const STATES: Readonly<Record<Document["state"], string>> = {
	current: "up to date",
	outdated: "out of date",
	gone: "gone",
	uncompared: "not compared",
	never: "never fetched",
};

/** The guest's documents: what it fetched, and what it would get. */
export function Documents({ guest, revision }: { readonly guest: GuestDetails; readonly revision: number }) {
	const chosen = place.value.parameters.get("document");
	const document = guest.documents.find(({ path }) => path === chosen);
	return (
		<>
			<table>
				<TableHead titles={["Document", "State", "Last fetched", "Now", "By"]} />
				<tbody>
					{guest.documents.map((row) => (
						<DocumentRow key={row.path} document={row} isChosen={row === document} />
					))}
				</tbody>
			</table>
			{document !== undefined && (
				<Comparison key={document.path} id={guest.id} document={document} revision={revision} />
			)}
			{document?.isPrivate === true && <PrivateDocument key={document.path} id={guest.id} path={document.path} />}
		</>
	);
}

function DocumentRow({ document, isChosen }: { readonly document: Document; readonly isChosen: boolean }) {
	const { path, state, bytes, last } = document;
	return (
		<tr class={isChosen ? "chosen" : ""}>
			<th scope="row">
				<button
					type="button"
					class="link mono"
					aria-pressed={isChosen}
					onClick={() => setParameters({ document: isChosen ? "" : path })}
				>
					{path}
				</button>
			</th>
			<td data-title="State">
				<span class={`badge ${state === "gone" ? "outdated" : state}`}>{STATES[state]}</span>
			</td>
			<td data-title="Last fetched">
				{last === undefined ? (
					"—"
				) : (
					<>
						<Time at={last.at} /> <small>{last.status === 404 ? "not there" : bytesText(last.bytes)}</small>
					</>
				)}
			</td>
			<td data-title="Now">{bytes === undefined ? "—" : bytesText(bytes)}</td>
			<td data-title="By">
				{last === undefined ? (
					"—"
				) : (
					<small>
						<bdi>{last.userAgent || "no user agent"}</bdi>, listener {last.listener}, node {last.node}
					</small>
				)}
			</td>
		</tr>
	);
}

/** User data and vendor data: fetched only when somebody asks for it, and the service logs that. */
function PrivateDocument({ id, path }: { readonly id: string; readonly path: string }) {
	const [text, setText] = useState<string>();
	const [error, setError] = useState<string>();
	if (session.current.value?.role !== "read-user-data") {
		return (
			<p class="empty">Your token does not allow user data and vendor data. Sign in with the other one to see them.</p>
		);
	}
	const show = () => getText(ofInstance(id, `tree/${path}`)).then(setText, (reason: Error) => setError(reason.message));
	return (
		<div class="private">
			{error !== undefined && <Problem message={error} />}
			{text === undefined ? (
				<p>
					This document may contain secrets of the instance's owner.{" "}
					<button type="button" onClick={show}>
						Show it (this is logged)
					</button>
				</p>
			) : (
				// biome-ignore lint/a11y/noNoninteractiveTabindex: long lines have to be scrolled with the keyboard
				<pre tabIndex={0}>{text}</pre>
			)}
		</div>
	);
}

interface Choice {
	readonly name: string;
	readonly before: string;
	readonly after: string;
	/** Whether it is what the guest has, compared with what it would get. */
	readonly isCurrent?: boolean;
}

interface ComparisonProps {
	readonly id: string;
	readonly document: Document;
	readonly revision: number;
}

/** What may be shown of a document. Of one with secrets, that is the rest of it. */
function Comparison({ id, document, revision }: ComparisonProps) {
	const { path, isPrivate, state } = document;
	const { data, error } = useResource<Versions>(ofInstance(id, `versions?path=${encodeURIComponent(path)}`), revision);
	const [chosen, setChosen] = useState(0);
	if (error !== undefined) return <Problem message={error} />;
	if (data === undefined) return null;
	const choices = choicesOf(data);
	const choice = choices[Math.min(chosen, choices.length - 1)];
	if (choice === undefined && isPrivate) return null;
	const plain = <PlainDocument id={id} path={path} text={data.now} isLinked={!isPrivate} />;
	const isHidden = choice?.isCurrent === true && state === "outdated";
	return (
		<div class="comparison">
			{choice === undefined ? (
				<>
					<p class="muted">{nothingToCompare(document)}</p>
					{plain}
				</>
			) : (
				<>
					<label>
						Compare{" "}
						<select value={String(chosen)} onChange={({ currentTarget }) => setChosen(Number(currentTarget.value))}>
							{choices.map(({ name }, at) => (
								<option key={at} value={String(at)}>
									{name}
								</option>
							))}
						</select>
					</label>
					<DiffView
						before={choice.before}
						after={choice.after}
						label={`Changes of ${path}`}
						equal={isHidden ? ONLY_HIDDEN : "No difference."}
					/>
					<details>
						<summary>The document as the guest would get it{isPrivate && ", without secrets"}</summary>
						{plain}
					</details>
				</>
			)}
		</div>
	);
}

const ONLY_HIDDEN = "Only values that are hidden here differ: random_seed, or metadata that may be secret.";

/** Why a document is shown alone. */
function nothingToCompare({ last }: Document): string {
	if (last === undefined) return "There is nothing to compare: the guest has not fetched this document.";
	if (last.status === 404)
		return "There is nothing to compare: the document was not there when the guest last asked for it.";
	return "There is nothing to compare: the text of this document is not kept.";
}

function PlainDocument({
	id,
	path,
	text,
	isLinked,
}: {
	readonly id: string;
	readonly path: string;
	readonly text: string | undefined;
	readonly isLinked: boolean;
}) {
	return (
		<>
			{isLinked && (
				<p>
					<a href={ofInstance(id, `tree/${path}`)}>The document byte for byte</a>
				</p>
			)}
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines have to be scrolled with the keyboard */}
			{text !== undefined && <pre tabIndex={0}>{readable(text)}</pre>}
		</>
	);
}

/** What can be compared, the most asked for first. */
function choicesOf({ now, nova, fetched, versions }: Versions): Choice[] {
	const choices: Choice[] = [];
	const last = versions.find(({ digest }) => digest === fetched);
	if (last !== undefined) {
		choices.push({ name: "last fetched → now", before: last.text, after: now ?? "", isCurrent: true });
	}
	const older = last === undefined ? [] : versions.filter((version) => version !== last);
	for (const [at, { lastAt, text }] of older.entries()) {
		const which = at === 0 ? "the version before" : "an older version";
		const name = `${which}, fetched ${absoluteTime(lastAt)} → last fetched`;
		choices.push({ name, before: text, after: last?.text ?? "" });
	}
	if (nova !== undefined && now !== undefined) choices.push({ name: "profile nova → now", before: nova, after: now });
	return choices;
}
