/** Cursors: where in a list the next page starts, as opaque text. */

/** @param place of the last item shown: what the list is sorted by */
export function encodeCursor(place: readonly unknown[]): string {
	return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** @returns undefined for a cursor that is invalid: the first page */
export function decodeCursor<Place extends readonly unknown[]>(
	text: string,
	isPlace: (parts: readonly unknown[]) => parts is Place,
): Place | undefined {
	try {
		const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
		return Array.isArray(parts) && isPlace(parts) ? parts : undefined;
	} catch {
		return undefined;
	}
}
