/** Reads the configuration file. Its schema is in config-schema.ts. */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { FuncKeywordDefinition } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { DataValidationCxt } from "ajv/dist/types/index.js";
import { explain, formatPath, type JsonPath, parseYaml, type YamlDocument } from "../checked-text.ts";
import { GuestwireError } from "../errors.ts";
import { type Config, ConfigSchema, type ListenerConfig } from "./config-schema.ts";

/** A configuration, with the location of each value for error messages. */
export interface LoadedConfig {
	/** With defaults filled in and paths made absolute. */
	readonly config: Config;
	/** The location of a value: `guestwire.yaml:7: metadata[0].listen`. */
	where(place: JsonPath): string;
}

/** A schema keyword that resolves a relative path against `folder`. */
const relativePath = (folder: string): FuncKeywordDefinition => ({
	keyword: "relativePath",
	type: "string",
	modifying: true,
	validate: (_schema: unknown, path: string, _parent: unknown, at?: DataValidationCxt) => {
		if (at) at.parentData[at.parentDataProperty] = resolve(folder, path);
		return true;
	},
});

/**
 * Reads a configuration file.
 *
 * @throws GuestwireError `config`, with file and line: the file cannot be read, is not YAML, or violates the schema
 */
export async function readConfig(file: string): Promise<LoadedConfig> {
	let text: string;
	try {
		text = await readFile(file, "utf8");
	} catch (error) {
		throw new GuestwireError(
			"config",
			`can't read ${file} (${(error as NodeJS.ErrnoException).code}): correct --config`,
		);
	}
	return parseConfig(text, file);
}

/** Like `readConfig`, for a text that has already been read. */
export function parseConfig(text: string, file: string): LoadedConfig {
	const [document, second] = parseYaml(text, file, "config");
	if (second !== undefined) {
		throw new GuestwireError(
			"config",
			`${file}:${second.line([])}: a second YAML document: remove it, because a configuration file has only one`,
		);
	}
	return checkConfig(document, file);
}

/** The configuration used without a file: the default of every key. */
export function defaultConfig(): LoadedConfig {
	return checkConfig(undefined, "the default configuration");
}

function checkConfig(document: YamlDocument | undefined, file: string): LoadedConfig {
	const value: unknown = document?.value ?? {};
	const validate = new Ajv2020({
		allErrors: true,
		useDefaults: true,
		verbose: true,
		meta: false,
		validateSchema: false,
	})
		.addKeyword(relativePath(dirname(resolve(file))))
		.compile<Config>(ConfigSchema);
	const where = (place: JsonPath) =>
		document === undefined ? `${file}: ${formatPath(place)}` : `${file}:${document.line(place)}: ${formatPath(place)}`;
	if (!validate(value)) {
		const { place, what } = explain(validate.errors ?? []);
		throw new GuestwireError("config", `${where(place)} ${what}`);
	}
	for (const [index, listener] of value.metadata.entries()) checkListener(listener, where, ["metadata", index]);
	checkTargets(value.vendorData.dynamic, where);
	return { config: value, where };
}

/** The identities that each option applies to. Elsewhere it would have no effect, so it is rejected. */
const optionsOf: Readonly<Record<string, readonly string[]>> = {
	sharedSecretFile: ["signed", "provider"],
	instance: ["fixed"],
	allow: ["network"],
	providers: ["provider"],
};

function checkListener(listener: ListenerConfig, where: LoadedConfig["where"], place: JsonPath): void {
	for (const [option, identities] of Object.entries(optionsOf)) {
		if (option in listener && !identities.includes(listener.identity)) {
			const wanted = identities.join(" or ");
			const what = `applies to identity ${wanted}, not ${listener.identity}: remove it or change the identity`;
			throw new GuestwireError("config", `${where([...place, option])} ${what}`);
		}
	}
	if (listener.identity === "fixed" && listener.instance === undefined) {
		throw new GuestwireError("config", `${where(place)} has identity fixed but no "instance": add its id or name`);
	}
}

/** Each target is a member of `vendor_data2.json`, next to the static data. */
function checkTargets(targets: Config["vendorData"]["dynamic"], where: LoadedConfig["where"]): void {
	const taken = new Set(["static"]);
	for (const [index, { name }] of targets.entries()) {
		if (taken.has(name)) {
			const place = where(["vendorData", "dynamic", index, "name"]);
			throw new GuestwireError(
				"config",
				`${place} "${name}" is already a member of vendor_data2.json: choose another name`,
			);
		}
		taken.add(name);
	}
}
