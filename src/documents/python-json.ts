/**
 * JSON that is passed on: what `json.dumps(json.loads(text))` gives in Python, without values in between. As JavaScript's
 * values, `1.0` would become `1`, large integers would lose digits, and keys such as "10" would move to the front.
 */
import { jsonText } from "./json.ts";

/** Python's json gives up at about a thousand levels. */
const DEEPEST = 500;

/** What may follow at a place of valid JSON: a string, a number, a name, or a single sign. */
const TOKEN = /[ \t\n\r]*("[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[a-z]+|.)/y;

/**
 * The text as Python writes it: one line, keys in the order of the text, integers with all their digits. Of a key that is
 * repeated, the last value counts, as in Python.
 *
 * @throws SyntaxError if the text is not JSON, or is nested too deeply
 */
export function pythonJson(text: string): string {
	JSON.parse(text);
	TOKEN.lastIndex = 0;
	return valueText(nextToken(text), text, DEEPEST);
}

/** The parser's place is that of the expression, which is used by one call at a time. */
function nextToken(text: string): string {
	return TOKEN.exec(text)?.[1] ?? "";
}

function valueText(token: string, text: string, depth: number): string {
	if (depth === 0) throw new SyntaxError(`more than ${DEEPEST} levels`);
	if (token === "{") return objectText(text, depth - 1);
	if (token === "[") return listText(text, depth - 1);
	if (token.startsWith('"')) return stringText(token);
	return /^[-\d]/.test(token) ? numberText(token) : token;
}

function objectText(text: string, depth: number): string {
	const members = new Map<string, string>();
	let token = nextToken(text);
	while (token !== "}") {
		if (token === ",") token = nextToken(text);
		const key = stringText(token);
		nextToken(text);
		members.set(key, valueText(nextToken(text), text, depth));
		token = nextToken(text);
	}
	return `{${Array.from(members, ([key, value]) => `${key}: ${value}`).join(", ")}}`;
}

function listText(text: string, depth: number): string {
	const items: string[] = [];
	let token = nextToken(text);
	while (token !== "]") {
		items.push(valueText(token === "," ? nextToken(text) : token, text, depth));
		token = nextToken(text);
	}
	return `[${items.join(", ")}]`;
}

/** Printable ASCII without a backslash, which is written as it is read. */
const PLAIN = /^"[ !#-[\]-~]*"$/;

function stringText(token: string): string {
	return PLAIN.test(token) ? token : jsonText(JSON.parse(token));
}

/** Python's `repr` of a float: the shortest digits that read back, as in JavaScript, with an exponent below -4 and above 15. */
function numberText(token: string): string {
	if (/^-?\d+$/.test(token)) return token === "-0" ? "0" : token;
	const value = Number(token);
	// Python writes "Infinity", which is not JSON.
	if (!Number.isFinite(value)) return token;
	if (value === 0) return token.startsWith("-") ? "-0.0" : "0.0";
	const [digits = "", exponent = ""] = value.toExponential().split("e");
	if (Number(exponent) < -4 || Number(exponent) > 15) {
		return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
	}
	return Number.isInteger(value) ? `${value}.0` : String(value);
}
