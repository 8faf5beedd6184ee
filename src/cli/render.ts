import { Argument, Command } from "commander";
import { readNetworkData } from "../documents/read-network-data.ts";
import type { Remark } from "../documents/reading.ts";
import { GuestwireError } from "../errors.ts";
import { FORMATS, type Format, type RenderedFile, render } from "../render/index.ts";
import { chosenDocument, type DocumentChoice } from "./document-choice.ts";
import { commonOptions, type Io, printResult, say } from "./frame.ts";
import { writeFiles } from "./write-files.ts";

interface RenderOptions extends DocumentChoice {
	readonly directory?: string;
	readonly stdout?: boolean;
	readonly replaceNames?: ReadonlyMap<string, string>;
}

/** `guestwire render`: native configuration from a `network_data.json`. */
export function renderCommand(io: Io): Command {
	return commonOptions(new Command("render"))
		.addArgument(new Argument("<format>", "the configuration that the guest reads").choices(FORMATS))
		.argument("[file]", "a network_data.json from any program; - reads standard input")
		.option("--instance <id>", "render the document of this instance instead; id or name")
		.option("-d, --directory <dir>", "write the files under DIR, which stands for the guest's root directory")
		.option("--stdout", "print the text of the files, even if standard output is not a terminal")
		.option("--replace-names <names>", "the names of the guest's NICs: MAC=NAME, separated by commas", parseNames)
		.action(async (format: Format, file: string | undefined, options: RenderOptions) => {
			if (options.directory !== undefined && options.stdout === true) {
				throw new GuestwireError("usage", "--directory and --stdout exclude each other: use one of them");
			}
			const { document } = await chosenDocument(file, options, io);
			const { files, remarks, isUsable } = renderDocument(format, document, options);
			for (const remark of remarks) say(io, remarkText(remark));
			if (!isUsable) {
				const what = remarks.length > 0 ? "see the remarks above" : "it has no links";
				throw new GuestwireError("document", `the document has no network that a guest can set up: ${what}`);
			}
			await deliver(files, remarks, options, io);
		});
}

function remarkText({ pointer, reason, value }: Remark): string {
	return `${pointer || "the document"}${value === undefined ? "" : ` ${value}`}: ${reason}`;
}

function renderDocument(format: Format, document: unknown, { replaceNames }: RenderOptions) {
	const read = readNetworkData(document);
	const { files, remarks, interfaces, addressed } = render(format, read.data, replaceNames && { names: replaceNames });
	const ofRendering = remarks.map((remark) => ({ ...remark, pointer: read.originOf(remark.pointer) }));
	const { networks } = document as { networks?: readonly unknown[] | null };
	const needsAddress = (networks?.length ?? 0) > 0;
	return {
		files,
		remarks: [...read.remarks, ...ofRendering],
		isUsable: interfaces > 0 && (addressed > 0 || !needsAddress),
	};
}

async function deliver(
	files: readonly RenderedFile[],
	remarks: readonly Remark[],
	options: RenderOptions,
	io: Io,
): Promise<void> {
	const { directory } = options;
	if (options.stdout === true) io.stdout.write(textOf(files));
	else if (directory === undefined) {
		const listed = files.map((file) => ({ ...file, mode: file.mode.toString(8).padStart(4, "0") }));
		printResult(io, options, { files: listed, remarks }, () => textOf(files));
	} else {
		const written = await writeFiles(directory, files);
		printResult(io, options, { written, remarks }, () => written.join("\n"));
	}
}

/** One file as it is. Several files have their paths above them, as a comment that all of these formats have. */
function textOf(files: readonly RenderedFile[]): string {
	if (files.length === 1) return files.map(({ text }) => text).join("");
	return files.map(({ path, text }) => `# ${path}\n${text}`).join("\n");
}

function parseNames(text: string): Map<string, string> {
	return new Map(
		text.split(",").map((pair) => {
			const at = pair.indexOf("=");
			if (at > 0) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
			throw new GuestwireError(
				"usage",
				`--replace-names: "${pair}" is not MAC=NAME: write it like 52:54:00:12:34:56=ens3`,
			);
		}),
	);
}
