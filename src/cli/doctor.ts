import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { GuestwireError } from "../errors.ts";
import { isSameSecret } from "../is-same-secret.ts";
import { openServiceToken } from "../source/api/service-token.ts";
import { checkSource } from "../source/registry.ts";
import { type CheckResult, checkPart } from "../source/source-kind.ts";
import { checkFiles } from "./doctor-files.ts";
import { checkListeners } from "./doctor-listeners.ts";
import { checkState } from "./doctor-state.ts";
import { type CommonOptions, commonOptions, type Io, printResult } from "./frame.ts";
import { sharedSecret } from "./listeners.ts";
import { type CommandContext, openContext, sourceContext } from "./source.ts";

interface DoctorOptions extends CommonOptions {
	readonly agentConfig?: string;
	readonly listen?: number;
}

/** `guestwire doctor`: checks that every part is reachable and configured correctly, and says how to fix failures. */
export function doctorCommand(io: Io): Command {
	return commonOptions(new Command("doctor"))
		.option("--agent-config <file>", "configuration of a Neutron metadata agent, to compare the shared secret")
		.option(
			"--listen <seconds>",
			"how long to wait for notifications on the message bus, 1 to 600; default: 5",
			listenTime,
		)
		.action(async (options: DoctorOptions) => {
			const context = await openContext(options, io);
			try {
				const { config } = context;
				const forSource = {
					...sourceContext(config, io),
					changes: config.mirror.changes,
					listenSeconds: options.listen,
				};
				const results = [
					...(await checkSource(config.cloud, forSource)),
					...(await checkFiles(context, io, { configFile: options.config })),
					await checkState(config.state, io),
					...(await checkListeners(config)),
					...(await checkVendorDataToken(context, io)),
					...(await checkAgent(options.agentConfig, context, io)),
				];
				printResult(io, options, results, () => results.map(line).join("\n"));
				const failed = results.filter(({ ok }) => !ok).length;
				if (failed > 0) throw new GuestwireError("doctor", `${failed} of ${results.length} checks failed: see above`);
			} finally {
				await context.close();
			}
		});
}

/** Checks that the services for vendor data can be sent a token. */
async function checkVendorDataToken({ config }: CommandContext, { env }: Io): Promise<readonly CheckResult[]> {
	const { cloud } = config.vendorData;
	if (cloud === undefined) return [];
	const check = async () => {
		const token = await openServiceToken({ cloud, env });
		try {
			await token.get();
			return `Keystone issues a token for cloud ${cloud}`;
		} finally {
			await token.close();
		}
	};
	return [await checkPart("the token for vendor data", check)];
}

function listenTime(text: string): number {
	const seconds = Number(text);
	if (seconds >= 1 && seconds <= 600) return seconds;
	throw new InvalidArgumentError("give a number of seconds from 1 to 600");
}

const line = ({ part, ok, warning, found }: CheckResult) =>
	`${ok ? (warning ? "warn" : "ok  ") : "FAIL"}  ${part}: ${found}`;

/** Checks that the agent and a signed listener have the same secret. Neither is printed. */
async function checkAgent(file: string | undefined, context: CommandContext, io: Io): Promise<readonly CheckResult[]> {
	if (file === undefined) return [];
	const check = async () => {
		const agent = readAgent(await readAgentConfig(file), file);
		for (const [index, listener] of context.config.metadata.entries()) {
			if (listener.identity !== "signed") continue;
			const secret = await sharedSecret(listener, ["metadata", index], context.where, io);
			if (isSameSecret(secret, Buffer.from(agent.secret))) {
				return `matches the listener ${listener.listen}; the agent uses ${agent.url}`;
			}
		}
		const what = "matches no signed listener, so every guest would be refused: set both to the same value";
		throw new GuestwireError("config", `${file}: metadata_proxy_shared_secret ${what}`);
	};
	return [await checkPart("the agent's shared secret", check)];
}

async function readAgentConfig(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw new GuestwireError(
			"config",
			`can't read ${file} (${(error as NodeJS.ErrnoException).code}): correct --agent-config`,
		);
	}
}

/**
 * Reads the agent's options like oslo.config: the last one of a name counts, and quotes around a value are dropped. The
 * Open vSwitch agent with the extension `metadata_path` has them in a section of their own.
 */
function readAgent(text: string, file: string): { readonly secret: string; readonly url: string } {
	for (const section of ["METADATA", "DEFAULT"]) {
		const option = optionsOf(text, section);
		const secret = option("metadata_proxy_shared_secret");
		if (!secret) continue;
		const [protocol, host, port] = ["protocol", "host", "port"].map((name) => option(`nova_metadata_${name}`));
		return { secret, url: `${protocol ?? "http"}://${host ?? "127.0.0.1"}:${port ?? 8775}` };
	}
	const what = "no metadata_proxy_shared_secret in [DEFAULT] or [METADATA]: set it";
	throw new GuestwireError("config", `${file}: ${what}`);
}

function optionsOf(text: string, section: string): (name: string) => string | undefined {
	// Capitals do not matter but in DEFAULT (`_normalize_group_name` in oslo.config's cfg.py).
	const flags = section === "DEFAULT" ? "gm" : "gim";
	const sections = text.matchAll(new RegExp(`^\\[${section}\\]\\s*$([\\s\\S]*?)(?=^\\[|(?![\\s\\S]))`, flags));
	const options = Array.from(sections, ([, body = ""]) => body).join("\n");
	return (name) =>
		[...options.matchAll(new RegExp(`^${name}[ \\t]*[=:][ \\t]*(["']?)(.*?)\\1[ \\t]*$`, "gm"))].at(-1)?.[2];
}
