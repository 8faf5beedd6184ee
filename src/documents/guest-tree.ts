/** The tree of one instance. Documents are generated on first use and cached. */
import type { Instance } from "../instance/instance.ts";
import { checkLimits } from "../instance/limits.ts";
import { lazy } from "../lazy.ts";
import { ec2Answer, ec2DriveFile, ec2DrivePaths, ec2Paths } from "./ec2-tree.ts";
import { networkData } from "./network-data-full.ts";
import type { DocumentInput } from "./openstack-documents.ts";
import {
	type FindAnswer,
	type GuestFiles,
	openStackAnswer,
	openStackDrivePaths,
	openStackPaths,
} from "./openstack-tree.ts";
import { type DocumentSettings, novaReleaseFor } from "./settings.ts";
import { type MetadataTree, type TreeAnswer, textAnswer } from "./tree.ts";
import type { VendorData } from "./vendor-data.ts";
import { EC2_VERSIONS, listedVersions } from "./versions.ts";

/** The tree of one instance, in the layouts of HTTP and of the config drive. */
export interface GuestTree extends MetadataTree {
	/** The HTTP response for a normalized path (`""` is `/`): a file, or the listing of a folder. */
	answer(path: string): TreeAnswer | undefined;
	/** The paths of `openstack/latest`. */
	latestPaths(): Iterable<string>;
	/** The same bytes in the layout of a config drive, where the EC2 tree is one document per version. */
	readonly drive: MetadataTree;
}

/**
 * Builds the tree of an instance. Without the server (if only the wiring was requested), it has only network documents.
 *
 * @throws GuestwireError `limit`
 * @param dynamicVendorData the responses of the dynamic vendor data services for this instance, by name
 */
export function buildTree(
	instance: Instance,
	settings: DocumentSettings,
	dynamicVendorData: VendorData = new Map(),
): GuestTree {
	checkLimits(instance);
	const input: DocumentInput = { instance, settings, dynamicVendorData };
	const guestFiles = lazy(() => guestFilesOf(input, (path) => answer(`openstack/latest/${path}`)?.body));
	const answer: FindAnswer = keep((path) => {
		const [folder = "", ...names] = path.split("/");
		if (folder !== "openstack") return staticAnswer(path, settings, instance) ?? ec2Answer(folder, names, input);
		const [version, ...below] = names;
		if (version === undefined) return staticAnswer(path, settings, instance);
		return openStackAnswer(version, below.join("/"), input, guestFiles, answer);
	});
	const driveAnswer: FindAnswer = keep((path) => {
		const [folder, version = "", name = ""] = path.split("/");
		return folder === "ec2" ? ec2DriveFile(version, name, input) : answer(path);
	});
	return {
		answer,
		read: (path) => answer(path)?.body,
		*paths() {
			yield* openStackPaths(input, guestFiles(), answer);
			yield* ec2Paths(input);
		},
		latestPaths: () => openStackPaths(input, guestFiles(), answer, ["latest"]),
		drive: {
			read: (path) => driveAnswer(path)?.body,
			*paths() {
				yield* ec2DrivePaths(input);
				yield* openStackDrivePaths(input, guestFiles(), answer);
			},
		},
	};
}

/**
 * What `/` and `/openstack` answer. No fact of the instance is needed, but for the release of Nova that profile `nova`
 * follows.
 */
export function staticAnswer(
	path: string,
	settings: Pick<DocumentSettings, "profile" | "novaRelease">,
	instance?: Pick<Instance, "novaRelease">,
): TreeAnswer | undefined {
	if (path === "") return textAnswer([...EC2_VERSIONS, "latest"].join("\n"));
	if (path === "openstack") {
		const versions = listedVersions(settings.profile, novaReleaseFor(settings, instance));
		return textAnswer([...versions, "latest"].join("\n"));
	}
	return undefined;
}

/** Caches only existing paths: guests can request any number of others. */
function keep(make: FindAnswer): FindAnswer {
	const kept = new Map<string, TreeAnswer>();
	return (path) => {
		const known = kept.get(path);
		if (known) return known;
		const made = make(path);
		if (made) kept.set(path, made);
		return made;
	};
}

function guestFilesOf(
	{ instance, settings }: DocumentInput,
	document: (path: string) => Uint8Array | undefined,
): GuestFiles {
	const data = settings.guestFiles && networkData(instance, settings);
	return new Map(data && Array.from(settings.guestFiles?.(data, document) ?? [], ({ path, bytes }) => [path, bytes]));
}
