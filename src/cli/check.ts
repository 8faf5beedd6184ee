import { Command } from "commander";
import {
	CLIENTS,
	type Client,
	check,
	describeScopes,
	type Finding,
	fractionsIn,
	losingClients,
	outsideUse,
	parseTarget,
} from "../check/index.ts";
import { GuestwireError } from "../errors.ts";
import { canonicalMac } from "../instance/addresses.ts";
import { chosenDocument, type DocumentChoice } from "./document-choice.ts";
import { commonOptions, type Io, printResult, say } from "./frame.ts";

interface CheckOptions extends DocumentChoice {
	readonly client?: readonly string[];
	readonly nics?: readonly string[];
}

/** `guestwire check`: what is wrong with a `network_data.json`, client by client. */
export function checkCommand(io: Io): Command {
	const names = CLIENTS.map(({ name }) => name).join(", ");
	return commonOptions(new Command("check"))
		.argument("[file]", "a network_data.json from any program; - reads standard input")
		.option("--instance <id>", "check this instance's document instead; id or name")
		.option(
			"--client <names>",
			`only these clients, separated by commas, each as client[@version][:renderer]: ${names}`,
			parseClients,
		)
		.option("--nics <addresses>", "MAC addresses of the guest's NICs, separated by commas", parseNics)
		.action(async (file: string | undefined, options: CheckOptions) => {
			const { document, text, notJson } = await chosenDocument(file, options, io);
			const { client, nics } = options;
			for (const target of client?.map(parseTarget) ?? []) {
				const note = outsideUse(target);
				if (note !== undefined) say(io, note);
			}
			const fractions = fractionsIn(text);
			const findings = check(document, {
				...(client && { clients: client }),
				...(nics && { nics }),
				...(notJson !== undefined && { notJson }),
				fractions,
			});
			const losing = losingClients(findings);
			printResult(io, options, { losesNetworking: losing, findings }, () => report(findings, client));
			if (losing.length === 0) return;
			const titles = CLIENTS.filter(({ name }) => losing.includes(name)).map(({ title }) => title);
			throw new GuestwireError(
				"document",
				`networking is lost on ${titles.join(", ")}: see the findings for what to change`,
			);
		});
}

function parseClients(text: string): string[] {
	const clients = text.split(",").map((client) => client.trim());
	for (const client of clients) parseTarget(client);
	return clients;
}

function parseNics(text: string): string[] {
	return text.split(",").map((item) => {
		const mac = canonicalMac(item.trim());
		if (mac !== undefined) return mac;
		throw new GuestwireError("usage", `--nics: "${item}" is not a MAC address; write it like 52:54:00:12:34:56`);
	});
}

/** By client, what happens there; then what to change, once each. */
function report(findings: readonly Finding[], asked: readonly string[] | undefined): string {
	const names = new Set(asked?.map((text) => parseTarget(text).client.name));
	const clients = CLIENTS.filter(({ name }) => asked === undefined || names.has(name));
	const ofTheCheck = findings.filter(({ effects }) => effects.length === 0);
	const changes = findings.map(({ pointer, fix, rule }) => [pointerText(pointer), `${fix} (${rule})`]);
	return [
		...clients.map((client) => clientReport(client, findings)),
		...(ofTheCheck.length > 0
			? [`The check\n${table(ofTheCheck.map((one) => [one.severity, one.pointer, one.message]))}`]
			: []),
		...(changes.length > 0 ? [`To change\n${table(changes)}`] : []),
	].join("\n\n");
}

function clientReport({ name, title }: Client, findings: readonly Finding[]): string {
	const rows = findings.flatMap(({ pointer, message, effects }) =>
		effects
			.filter(({ client }) => client === name)
			.map(({ severity, outcome, text, scopes }) => {
				const where = describeScopes(scopes);
				return [severity, outcome, pointerText(pointer), `${message}: ${text}${where === "" ? "" : ` (${where})`}`];
			}),
	);
	const verdict = losingClients(findings).includes(name)
		? "loses networking"
		: rows.length > 0
			? "has networking"
			: "nothing found";
	return [`${title}: ${verdict}`, ...(rows.length > 0 ? [table(rows)] : [])].join("\n");
}

/** The empty pointer is the document itself. */
function pointerText(pointer: string): string {
	return pointer === "" ? "document" : pointer;
}

/** Rows with aligned columns; the last column is as wide as it needs. */
function table(rows: readonly (readonly string[])[]): string {
	const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
	return rows
		.map(
			(row) =>
				`  ${row.map((cell, column) => cell.padEnd(column < row.length - 1 ? (widths[column] ?? 0) : 0)).join("  ")}`,
		)
		.join("\n");
}
