/** Cursors: where in a list the next page starts, as opaque text. */

/** @param position of the last item shown: what the list is sorted by */
export function encodeCursor(position: readonly unknown[]): string {
	return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** @returns undefined for a cursor that is invalid: the first page */
export function decodeCursor<Position extends readonly unknown[]>(
	text: string,
	isPosition: (parts: readonly unknown[]) => parts is Position,
): Position | undefined {
	try {
		const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
		return Array.isArray(parts) && isPosition(parts) ? parts : undefined;
	} catch {
		return undefined;
	}
}
