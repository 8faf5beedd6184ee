/** The folders `openstack/<version>/`: what they list, answer, and put on a drive. */
import { type DocumentInput, OPENSTACK_DOCUMENTS, type OpenStackDocument } from "./openstack-documents.ts";
import { novaReleaseFor } from "./settings.ts";
import { bytesAnswer, jsonAnswer, type TreeAnswer, textAnswer } from "./tree.ts";
import { listedVersions, OPENSTACK_VERSIONS, type OpenStackVersion, openStackVersion } from "./versions.ts";

/** What the operator adds to every version folder, by path below it. */
export type GuestFiles = ReadonlyMap<string, Uint8Array>;

/** An answer that is made once and kept under its path. */
export type FindAnswer = (path: string) => TreeAnswer | undefined;

const NEWEST = OPENSTACK_VERSIONS[OPENSTACK_VERSIONS.length - 1] as OpenStackVersion;

/**
 * What HTTP answers below `openstack/`.
 *
 * @param folder the version folder, `latest` among them
 * @param path below the folder; empty for its listing
 * @param answer gives what is the same in every version, so that it is made and kept once
 */
export function openStackAnswer(
	folder: string,
	path: string,
	input: DocumentInput,
	guestFiles: () => GuestFiles,
	answer: FindAnswer,
): TreeAnswer | undefined {
	const version = openStackVersion(folder);
	if (!version) return undefined;
	if (path === "") return textAnswer(listing(folder, version, answer));
	const document = OPENSTACK_DOCUMENTS.find((candidate) => candidate.path === path);
	if (!document) {
		const body = guestFiles().get(path);
		return body && bytesAnswer(body);
	}
	if (version < (document.answeredSince ?? document.listedSince)) return undefined;
	if (!document.versioned && folder !== NEWEST) return answer(`openstack/${NEWEST}/${path}`);
	const body = document.make(input, version);
	if (body === undefined) return undefined;
	const made = document.raw ? bytesAnswer(body) : jsonAnswer(body);
	return document.hasSecretItems?.(input.instance) ? { ...made, hasSecretItems: true } : made;
}

/** The recorded listing: a document that this instance has not is not listed, `password` always is. */
function listing(folder: string, version: OpenStackVersion, answer: FindAnswer): string {
	return OPENSTACK_DOCUMENTS.filter((document) => !document.ownForm && version >= document.listedSince)
		.map(({ path }) => path)
		.filter((path) => path === "password" || answer(`openstack/${folder}/${path}`))
		.join("\n");
}

/** Every file of version folders. Default: of all, oldest version first. */
export function* openStackPaths(
	input: DocumentInput,
	guestFiles: GuestFiles,
	answer: FindAnswer,
	folders: readonly string[] = versionFolders(input),
): Generator<string, void> {
	for (const folder of folders) yield* answered(folder, OPENSTACK_DOCUMENTS, guestFiles, answer);
}

/** The files of the version folders that go on a drive: each from the version on that lists it, as Nova writes them. */
export function* openStackDrivePaths(
	input: DocumentInput,
	guestFiles: GuestFiles,
	answer: FindAnswer,
): Generator<string, void> {
	for (const folder of versionFolders(input)) {
		const version = openStackVersion(folder) ?? NEWEST;
		const own = OPENSTACK_DOCUMENTS.filter((document) => isOnDrive(document, version, input));
		yield* answered(folder, own, guestFiles, answer);
	}
}

/** The paths of the documents and files that the instance has: each document is made when its path is asked for. */
function* answered(
	folder: string,
	documents: readonly OpenStackDocument[],
	guestFiles: GuestFiles,
	answer: FindAnswer,
): Generator<string, void> {
	for (const name of [...documents.map(({ path }) => path), ...guestFiles.keys()]) {
		const path = `openstack/${folder}/${name}`;
		if (answer(path) !== undefined) yield path;
	}
}

function isOnDrive(document: OpenStackDocument, version: OpenStackVersion, { settings }: DocumentInput): boolean {
	return version >= document.listedSince && !(document.ownForm && settings.profile === "nova");
}

function versionFolders({ instance, settings }: DocumentInput): string[] {
	return [...listedVersions(settings.profile, novaReleaseFor(settings, instance)), "latest"];
}
