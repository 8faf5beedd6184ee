/** Reads the files that the configuration names, as `serve` does when it starts. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { formatPath, type JsonPath } from "../checked-text.ts";
import { GuestwireError } from "../errors.ts";
import { cloudFiles } from "../source/api/clouds-yaml.ts";
import { type CheckResult, checkPart } from "../source/source-kind.ts";
import type { Io } from "./frame.ts";
import { needsSecret, sharedSecret } from "./listeners.ts";
import type { CommandContext } from "./source.ts";

const run = promisify(execFile);

/** The user that the unit runs as. */
const USER = "guestwire";
/** Where systemd finds the files that the unit's `LoadCredential` names, and where it puts them while the service runs. */
const CREDENTIALS = "/etc/guestwire/credentials";
const CREDENTIAL = /^\/run\/credentials\/[^/]+\/secret_([^/]+)$/;

type Checked = Pick<CommandContext, "config" | "where">;

export interface CheckFilesOptions {
	/** The file of the configuration. */
	readonly configFile: string | undefined;
	/** Who the service runs as. */
	readonly user?: string;
	readonly credentials?: string;
}

/** One check for each file, and, for root, one whether the service's user can read them too. */
export async function checkFiles(
	context: Checked,
	io: Io,
	{ configFile, user = USER, credentials = CREDENTIALS }: CheckFilesOptions,
): Promise<readonly CheckResult[]> {
	const files = filesIn(context.config);
	const results = await Promise.all(
		files.map(({ place, path }) =>
			checkPart(formatPath(place), () => checkFile(path, context.where(place), credentials)),
		),
	);
	const readable = files.filter((_, index) => results[index]?.ok).map(({ path }) => path);
	const { files: inventory, ...clouds } = context.config.cloud;
	const others = Object.keys(clouds).length === 0 ? [] : await cloudFiles(io.env).catch(() => []);
	const all = [configFile, ...readable.filter((path) => !CREDENTIAL.test(path)), inventory?.path, ...others];
	const ofUser = await checkAs(user, [...new Set(all.filter((path) => path !== undefined))]);
	return [...results, ...(await checkVariables(context, io)), ...ofUser];
}

interface NamedFile {
	readonly place: JsonPath;
	readonly path: string;
}

/** Every key of the configuration whose name ends in `File`. */
function filesIn(value: unknown, place: JsonPath = []): NamedFile[] {
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, member]) => {
		const own = [...place, Array.isArray(value) ? Number(key) : key];
		if (key.endsWith("File") && typeof member === "string") return [{ place: own, path: member }];
		return filesIn(member, own);
	});
}

async function checkFile(path: string, where: string, credentials: string): Promise<string> {
	const [, name] = CREDENTIAL.exec(path) ?? [];
	const source = name === undefined ? undefined : join(credentials, name);
	const fail = (file: string, what: string): never => {
		const from = file === path ? path : `${path}, which systemd takes from ${file},`;
		throw new GuestwireError("config", `${where} ${from} ${what}`);
	};
	const read = async (file: string) => {
		const text = await readFile(file, "utf8").catch(({ code }: NodeJS.ErrnoException) => {
			if (code === "ENOENT" && file === path && source !== undefined) return undefined;
			const advice =
				code === "EACCES" ? "correct its permissions, or run this as root" : "create it, or correct the path";
			return fail(file, `can't be read (${code}): ${advice}`);
		});
		return text?.trim() === "" ? fail(file, "is empty: write into it what belongs there") : text;
	};
	if ((await read(path)) !== undefined || source === undefined) return `${path} can be read`;
	await read(source);
	return `${path} will be there while the service runs: systemd takes it from ${source}`;
}

/** Listeners without a file need a secret in the environment. The service's environment is not that of this command. */
async function checkVariables({ config, where }: Checked, io: Io): Promise<readonly CheckResult[]> {
	const results: CheckResult[] = [];
	for (const [index, listener] of config.metadata.entries()) {
		if (!needsSecret(listener) || listener.sharedSecretFile !== undefined) continue;
		const place = ["metadata", index];
		const { ok, found } = await checkPart("", async () => {
			await sharedSecret(listener, place, where, io);
			return "";
		});
		if (!ok) results.push({ part: formatPath(place), ok: true, warning: true, found });
	}
	return results;
}

/** Nothing unless this is root and the user exists: root can read everything, which hides what the service can't. */
async function checkAs(user: string, files: readonly string[]): Promise<readonly CheckResult[]> {
	const unreadable = process.geteuid?.() === 0 ? await unreadableBy(user, files).catch(() => undefined) : undefined;
	if (unreadable === undefined) return [];
	const part = `user ${user}`;
	if (unreadable.length === 0) return [{ part, ok: true, found: `can read ${files.join(", ")}` }];
	const advice = `chown root:${user} and chmod 0640 each of them, and let the group enter their folders (chmod 0750)`;
	const found = `can't read ${unreadable.join(", ")}: unless the service runs as another user, ${advice}`;
	return [{ part, ok: true, warning: true, found }];
}

/** Tests each file as that user, in all its groups, so that access control lists count. Rejects if there is no such user. */
async function unreadableBy(user: string, files: readonly string[]): Promise<string[]> {
	const idOf = async (option: string) => (await run("id", [option, user])).stdout.trim();
	const as = [`--reuid=${await idOf("-u")}`, `--regid=${await idOf("-g")}`, "--init-groups"];
	const script = 'for file; do test -r "$file" || printf "%s\\0" "$file"; done';
	const { stdout } = await run("setpriv", [...as, "sh", "-c", script, "sh", ...files], { cwd: "/" });
	return stdout.split("\0").filter((file) => file !== "");
}
