/** Text from outside that is shown to people: it must not control their terminal, hide anything or break lines. */

/** Control characters, format characters (invisible ones, changes of direction), lone surrogates and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const EVERY_UNPRINTABLE = new RegExp(UNPRINTABLE, "gu");

/** Whether `printable` would leave the text as it is. */
export function isPrintable(text: string): boolean {
	return !UNPRINTABLE.test(text);
}

/** The text with every unsafe character as an escape: `\u001b`, `\u{e0001}`. */
export function printable(text: string): string {
	return text.replace(EVERY_UNPRINTABLE, (character) => {
		const code = character.codePointAt(0) ?? 0;
		return code > 0xffff ? `\\u{${code.toString(16)}}` : escapeOf(code);
	});
}

/** The fast path: almost every text is like this. */
const ONLY_ASCII = /^[ -~]*$/;

/** One line of JSON with every unsafe character as one of JSON's own escapes: its value is the same. */
export function printableJson(line: string): string {
	if (ONLY_ASCII.test(line)) return line;
	return line.replace(EVERY_UNPRINTABLE, (character) =>
		Array.from({ length: character.length }, (_, unit) => escapeOf(character.charCodeAt(unit))).join(""),
	);
}

/** @param code of four hexadecimal digits at most */
function escapeOf(code: number): string {
	return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** The text in double quotes, safe to print. */
export function quoted(text: string): string {
	return printable(JSON.stringify(text));
}
