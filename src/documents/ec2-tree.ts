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
export function ec2Paths(input: DocumentInput): string[] {
	const { server } = input.instance;
	if (!server) return [];
	return [...EC2_VERSIONS, "latest"].flatMap((folder) => {
		const version = ec2Version(folder) as Ec2Version;
		const leaves = leavesOf(metaDataOf(input, version), `${folder}/meta-data`);
		return server.userData ? [...leaves, `${folder}/user-data`] : leaves;
	});
}

/** The files on a drive. */
export function ec2DrivePaths(input: DocumentInput): string[] {
	const { server } = input.instance;
	if (!server) return [];
	const names = server.userData ? ["meta-data.json", "user-data"] : ["meta-data.json"];
	return DRIVE_FOLDERS.flatMap((folder) => names.map((name) => `ec2/${folder}/${name}`));
}

function metaDataOf({ instance, settings }: DocumentInput, version: Ec2Version): Ec2Folder {
	return instance.server ? ec2MetaData(instance, instance.server, version, settings) : {};
}

function leavesOf(folder: Ec2Folder, path: string): string[] {
	return Object.keys(folder).flatMap((name) => {
		const item: Ec2Item | undefined = ec2Find(folder, [name]);
		if (item === undefined) return [];
		return isFolder(item) ? leavesOf(item, `${path}/${name}`) : [`${path}/${name}`];
	});
}
