import type { Description, Origins } from "../lib/api.ts";

/** The document's values as a table: the picture for those who can't see it, with the origin of each value. */
export function WiringTable({
	document,
	origins,
}: {
	readonly document: Description;
	/** Absent: nothing is known about it. */
	readonly origins?: Origins;
}) {
	const byPointer = origins && Map.groupBy(origins, ({ pointer }) => pointer);
	const rows = [...rowsOf("/links", document.links), ...rowsOf("/networks", document.networks)];
	return (
		<table>
			<thead>
				<tr>
					<th scope="col">Value of</th>
					<th scope="col">Value</th>
					{byPointer && <th scope="col">Comes from</th>}
				</tr>
			</thead>
			<tbody>
				{rows.map(({ pointer, value }) => (
					<tr key={pointer}>
						<th scope="row">
							<code>{pointer}</code>
						</th>
						<td data-title="Value" class="mono">
							{value}
						</td>
						{byPointer && (
							<td data-title="Comes from">
								{(byPointer.get(pointer) ?? []).map(({ kind, id, name, member }) => (
									<div key={`${kind} ${id} ${member}`}>
										{kind} <code>{name ?? id}</code> {name !== undefined && <small class="mono">{id}</small>} {member}
									</div>
								))}
							</td>
						)}
					</tr>
				))}
			</tbody>
		</table>
	);
}

function rowsOf(pointer: string, items: readonly object[]): { pointer: string; value: string }[] {
	return items.flatMap((item, at) =>
		Object.entries(item).flatMap(([member, value]) => {
			const own = `${pointer}/${at}/${member}`;
			if (member !== "routes" || !Array.isArray(value) || value.length === 0)
				return [{ pointer: own, value: textOf(value) }];
			return [
				{ pointer: own, value: `${value.length}` },
				...value.map((route, index) => ({ pointer: `${own}/${index}`, value: textOf(route) })),
			];
		}),
	);
}

function textOf(value: unknown): string {
	if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(textOf).join(", ");
	if (typeof value === "object" && value !== null) return Object.values(value).join(" ");
	return String(value);
}
