import { Command } from "commander";
import { CLIENT_NAMES, CLIENTS, type Client, check, type Finding, losingClients } from "../check/index.ts";
import { suggest } from "../checked-text.ts";
import { GuestwireError } from "../errors.ts";
import { chosenDocument, type DocumentChoice } from "./document-choice.ts";
import { commonOptions, type Io, printResult } from "./frame.ts";

interface CheckOptions extends DocumentChoice {
	readonly client?: readonly Client[];
}

/** `guestwire check`: what is wrong with a `network_data.json`, client by client. */
export function checkCommand(io: Io): Command {
	return commonOptions(new Command("check"))
		.argument("[file]", "a network_data.json of any maker; - is standard input")
		.option("--instance <id>", "check what this instance is told instead; id or name")
		.option("--client <names>", `only these, with commas: ${CLIENTS.join(", ")}`, parseClients)
		.action(async (file: string | undefined, options: CheckOptions) => {
			const document = await chosenDocument(file, options, io);
			const clients = options.client ?? CLIENTS;
			const findings = check(document, { clients });
			const losing = losingClients(findings);
			printResult(io, options, { losesNetworking: losing, findings }, () => report(findings, clients));
			if (losing.length === 0) return;
			const names = losing.map((client) => CLIENT_NAMES[client]).join(", ");
			throw new GuestwireError("document", `networking is lost on ${names}: do what the findings say to change`);
		});
}

function parseClients(text: string): Client[] {
	return text.split(",").map((name) => {
		const client = CLIENTS.find((known) => known === name.trim().toLowerCase());
		if (client !== undefined) return client;
		throw new GuestwireError("usage", `--client: there is no client "${name}"; ${suggest(name, CLIENTS)}`);
	});
}

/** By client, what hits it; then what to change, once each. */
function report(findings: readonly Finding[], clients: readonly Client[]): string {
	const ofNobody = findings.filter(({ effects }) => effects.length === 0);
	const changes = findings.map(({ pointer, fix, rule }) => [placeOf(pointer), `${fix} (${rule})`]);
	return [
		...CLIENTS.filter((client) => clients.includes(client)).map((client) => clientReport(client, findings)),
		...(ofNobody.length > 0
			? [`The check\n${table(ofNobody.map((one) => [one.severity, one.pointer, one.message]))}`]
			: []),
		...(changes.length > 0 ? [`To change\n${table(changes)}`] : []),
	].join("\n\n");
}

function clientReport(client: Client, findings: readonly Finding[]): string {
	const rows = findings.flatMap(({ pointer, message, effects }) =>
		effects
			.filter((effect) => effect.client === client)
			.map(({ severity, outcome, text }) => [severity, outcome, placeOf(pointer), `${message}: ${text}`]),
	);
	const verdict = losingClients(findings).includes(client)
		? "loses networking"
		: rows.length > 0
			? "has networking"
			: "nothing found";
	return [`${CLIENT_NAMES[client]}: ${verdict}`, ...(rows.length > 0 ? [table(rows)] : [])].join("\n");
}

/** The empty pointer names the document itself. */
function placeOf(pointer: string): string {
	return pointer === "" ? "document" : pointer;
}

/** Rows with their columns under each other; the last one is as long as it is. */
function table(rows: readonly (readonly string[])[]): string {
	const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
	return rows
		.map(
			(row) =>
				`  ${row.map((cell, column) => cell.padEnd(column < row.length - 1 ? (widths[column] ?? 0) : 0)).join("  ")}`,
		)
		.join("\n");
}
