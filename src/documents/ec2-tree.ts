/** The EC2 tree: `<version>/meta-data/…` over HTTP, `ec2/<version>/meta-data.json` on a drive. */
import { type Ec2Folder, type Ec2Item, ec2Find, ec2MetaData, ec2Text, isFolder } from "./ec2.ts";
import { jsonBytes } from "./json.ts";
import type { DocumentInput } from "./openstack-documents.ts";
import { bytesAnswer, jsonAnswer, type TreeAnswer, textAnswer } from "./tree.ts";
import { EC2_VERSIONS, type Ec2Version, ec2Version } from "./versions.ts";

/** The versions on a drive: Nova's `config_drive_skip_versions` excludes all but the newest. */
const DRIVE_FOLDERS = ["2009-04-04", "latest"] as const;

/** The HTTP response for `<folder>/<names…>`. */
export function ec2Answer(folder: string, names: readonly string[], input: DocumentInput): TreeAnswer | undefined {
	const version = ec2Version(folder);
	if (!version || !input.instance.server) return undefined;
	const [first, ...rest] = names;
	const userData = input.instance.server.userData;
	if (first === undefined) return textAnswer(userData ? "meta-data/\nuser-data" : "meta-data/");
	if (first === "user-data" && rest.length === 0) return userData && bytesAnswer(userData);
	const item = first === "meta-data" ? ec2Find(metaDataOf(input, version), rest) : undefined;
	return item === undefined ? undefined : textAnswer(ec2Text(item));
}

/** The file `ec2/<folder>/<name>` of a drive. */
export function ec2DriveFile(folder: string, name: string, input: DocumentInput): TreeAnswer | undefined {
	const version = ec2Version(folder);
	if (!version || !input.instance.server) return undefined;
	if (name === "meta-data.json") return jsonAnswer(jsonBytes(metaDataOf(input, version)));
	const userData = name === "user-data" ? input.instance.server.userData : undefined;
	return userData && bytesAnswer(userData);
}

/** Every leaf over HTTP, the oldest version first. */
export function* ec2Paths(input: DocumentInput): Generator<string, void> {
	const { server } = input.instance;
	if (!server) return;
	for (const folder of [...EC2_VERSIONS, "latest"]) {
		const version = ec2Version(folder) as Ec2Version;
		yield* leavesOf(metaDataOf(input, version), `${folder}/meta-data`);
		if (server.userData) yield `${folder}/user-data`;
	}
}

/** The files on a drive. */
export function ec2DrivePaths(input: DocumentInput): string[] {
	const { server } = input.instance;
	if (!server) return [];
	const names = server.userData ? ["meta-data.json", "user-data"] : ["meta-data.json"];
	return DRIVE_FOLDERS.flatMap((folder) => names.map((name) => `ec2/${folder}/${name}`));
}

/** The last document that was made: whoever reads a tree asks for hundreds of values of one. */
let last: { readonly input: DocumentInput; readonly version: Ec2Version; readonly folder: Ec2Folder } | undefined;

function metaDataOf(input: DocumentInput, version: Ec2Version): Ec2Folder {
	if (last?.input === input && last.version === version) return last.folder;
	const { instance, settings } = input;
	const folder = instance.server ? ec2MetaData(instance, instance.server, version, settings) : {};
	last = { input, version, folder };
	return folder;
}

function leavesOf(folder: Ec2Folder, path: string): string[] {
	return Object.keys(folder).flatMap((name) => {
		const item: Ec2Item | undefined = ec2Find(folder, [name]);
		if (item === undefined) return [];
		return isFolder(item) ? leavesOf(item, `${path}/${name}`) : [`${path}/${name}`];
	});
}
