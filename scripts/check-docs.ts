// The generated parts of docs/check.md and docs/clients.md: tables of the check's rules and of the clients' facts.
import type { Client, Condition, Reaction, Reading } from "../src/check/clients/client.ts";
import { NOVA_NETWORK_TYPES } from "../src/check/clients/network-types.ts";
import { CLIENTS, describeScopes, type Outcome, RULES, type Rule } from "../src/check/index.ts";
import { highest, severityOf } from "../src/check/severity.ts";
import { coversRange } from "../src/check/versions.ts";

const OUTCOMES: readonly Outcome[] = ["crash", "lost", "wrong", "ignored"];

/** docs/check.md with its tables of clients and rules. */
export function withCheckTables(current: string): string {
	return withSection(withSection(current, "clients", clientsTable()), "rules", rulesTable());
}

/** docs/clients.md with its table of members by client. */
export function withMembersTable(current: string): string {
	return withSection(withSection(current, "network types", typesTable()), "members", membersTable());
}

function withSection(text: string, name: string, content: string): string {
	const start = `<!-- ${name}: written by npm run generate -->\n`;
	const end = `<!-- /${name} -->`;
	const from = text.indexOf(start) + start.length;
	const to = text.indexOf(end);
	if (from < start.length || to < from) throw new Error(`the markers of "${name}" are missing`);
	return `${text.slice(0, from)}\n${content}\n\n${text.slice(to)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
	return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}

function clientsTable(): string {
	const rows = CLIENTS.map(({ name, title, versions, renderers, source }) => [
		`\`${name}\``,
		title,
		versions.note,
		renderers.map((renderer) => `\`${renderer.name}\` (${renderer.usedBy})`).join("; "),
		source,
	]);
	return table(["name", "client", "checked versions", "renderers", "where its table comes from"], rows);
}

function rulesTable(): string {
	return table(["rule", "severity", "what", "clients"], RULES.map(ruleRow));
}

function ruleRow(rule: Rule): string[] {
	const outcomes = CLIENTS.flatMap((client) => reactionsOf(rule, client).map(({ outcome }) => outcome));
	const severity = highest(outcomes.map((outcome) => severityOf(outcome, rule)));
	const mark = rule.limitation ? " (*limitation*)" : rule.isLimitation ? " (on a Neutron port, a *limitation*)" : "";
	return [`\`${rule.id}\``, severity, rule.title + mark, clientsOf(rule)];
}

/** `crash: cloud-init, glean; lost: talos (before 1.13)`. */
function clientsOf(rule: Rule): string {
	const parts = OUTCOMES.map((outcome) => {
		const clients = CLIENTS.flatMap((client) => {
			const reactions = reactionsOf(rule, client).filter((reaction) => reaction.outcome === outcome);
			return reactions.length === 0 ? [] : [client.name + scopeOf(client, reactions)];
		});
		if (clients.length === 0) return "";
		const everyone = CLIENTS.filter(({ configuresNetwork }) => configuresNetwork !== false).map(({ name }) => name);
		return `${outcome}: ${clients.join() === everyone.join() ? "every client" : clients.join(", ")}`;
	});
	return parts.filter(Boolean).join("; ");
}

function reactionsOf(rule: Rule, client: Client): readonly Reaction[] {
	const own = client.reactions[rule.id];
	if (own) return own.filter(({ text }) => text !== "");
	return rule.effect && client.configuresNetwork !== false ? [rule.effect] : [];
}

/** The versions and renderers in which an outcome can occur: ` (before 24.3 with netplan)`; empty for all. */
function scopeOf(client: Client, conditions: readonly Condition[]): string {
	const scopes = conditions.map(({ since, until, renderers }) => ({
		...(since && { since }),
		...(until && { until }),
		...(renderers && renderers.length < client.renderers.length && { renderers }),
	}));
	if (scopes.some((scope) => Object.keys(scope).length === 0)) return "";
	const widest = scopes.filter((scope) => !scopes.some((other) => covers(other, scope) && !covers(scope, other)));
	return ` (${[...new Set(widest.map((scope) => describeScopes([scope])))].join("; ")})`;
}

/** Whether everything in the inner scope is in the outer one. */
function covers(outer: Condition, inner: Condition): boolean {
	const { renderers } = outer;
	const hasRenderers = renderers === undefined || inner.renderers?.every((one) => renderers.includes(one)) === true;
	return hasRenderers && coversRange(outer, inner);
}

const CONFIGURING = CLIENTS.filter(({ configuresNetwork }) => configuresNetwork !== false);

function typesTable(): string {
	const rows = NOVA_NETWORK_TYPES.map((type) => [
		`\`${type}\``,
		...CONFIGURING.map((client) => {
			const support = client.networkTypes[type];
			return support ? `yes${scopeOf(client, support)}` : "–";
		}),
	]);
	return table(["type", ...CONFIGURING.map(({ title }) => title)], rows);
}

function membersTable(): string {
	const members = [...new Set(CLIENTS.flatMap(({ reads }) => Object.keys(reads)))].toSorted();
	const rows = members.map((member) => [
		`\`${member}\``,
		...CLIENTS.map((client) => readingText(client, client.reads[member as keyof Client["reads"]])),
	]);
	return table(["member", ...CLIENTS.map(({ title }) => title)], rows);
}

function readingText(client: Client, readings: readonly Reading[] = []): string {
	if (readings.length === 0) return "–";
	const texts = readings.map((reading) => {
		const scope = scopeOf(client, [reading]).replace(/^ \((.*)\)$/, "$1");
		return [reading.note, scope].filter(Boolean).join(", ");
	});
	if (texts.every((text) => text === "")) return "yes";
	return texts.map((text) => (text === "" ? "yes" : text)).join("; ");
}
