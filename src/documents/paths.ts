/** Request targets, tree paths, and the level of detail that a path needs. */
import type { Detail } from "../instance/instance.ts";
import type { Expose } from "./network-ports.ts";
import { OPENSTACK_DOCUMENTS, type OpenStackDocument } from "./openstack-documents.ts";

/**
 * Normalizes a request target like Nova's `posixpath.normpath`, without a leading slash: escapes are decoded (including
 * `%2F`), the query is dropped, and `//`, `.`, `..` and a trailing `/` are resolved, never above the root. `ec2/` is
 * dropped, since the folders of the EC2 tree are below the root. A target in absolute form, as sent by a client behind a
 * proxy, is treated like its path (RFC 9112, section 3.2.2).
 *
 * @returns undefined if the tree cannot have the path: invalid UTF-8 or control characters
 */
export function normalizePath(target: string): string | undefined {
	const end = target.search(/[?#]/);
	const decoded = decode((end < 0 ? target : target.slice(0, end)).replace(ORIGIN, ""));
	// biome-ignore lint/suspicious/noControlCharactersInRegex: matching control characters is the purpose
	if (decoded === undefined || /[\x00-\x1f\x7f]/.test(decoded)) return undefined;
	const names: string[] = [];
	for (const name of decoded.split("/")) {
		if (name === "..") names.pop();
		else if (name !== "" && name !== ".") names.push(name);
	}
	return (names[0] === "ec2" && names[1] !== "openstack" ? names.slice(1) : names).join("/");
}

/** The scheme and authority of a target in absolute form. */
const ORIGIN = /^https?:\/\/[^/]*/i;

function decode(text: string): string | undefined {
	if (!text.includes("%")) return text;
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}

/** `openstack/<version>/password`: part of the state, not of the tree. */
export const PASSWORD_PATH = /^openstack\/[^/]+\/password$/;

/** What is below a version folder. */
const BELOW_VERSION = /^openstack\/[^/]+\/(.+)$/;

/** The document at a normalized path; undefined for listings, files of `guestFiles`, and the EC2 tree. */
export function documentAt(path: string): OpenStackDocument | undefined {
	const below = BELOW_VERSION.exec(path)?.[1];
	return OPENSTACK_DOCUMENTS.find((document) => document.path === below);
}

/** Whether a normalized path is a file of `guestFiles` that is made of the network data alone. */
export function isNetworkFile(path: string): boolean {
	return /^openstack\/[^/]+\/network\/.+$/.test(path);
}

/** The files of `guestFiles` that hold no more than the network documents and the public part of `meta_data.json`. */
const PUBLIC_GUEST_FILES = /^(network\/.+|nocloud\/(meta-data|network-config))$/;

/**
 * Whether a normalized path is a document that must not be given to the next owner of an address, nor to a reader of the
 * operator API: it lets somebody act as the guest (scripts, passwords, what a vendor gives to this instance alone). A
 * document is private unless it is listed as public. See also `TreeAnswer.hasSecretItems`.
 */
export function isPrivatePath(path: string): boolean {
	const [folder, version, ...names] = path.split("/");
	if (folder !== "openstack") return version !== undefined && version !== "meta-data";
	const below = names.join("/");
	return documentAt(path)?.isPrivate ?? (below !== "" && !PUBLIC_GUEST_FILES.test(below));
}

/** The user data in the EC2 tree. */
const EC2_USER_DATA = /^[^/]+\/user-data$/;

/**
 * The level of detail that a path of the tree needs.
 *
 * @param expose what the operator exposes in addition to the blueprint's members
 */
export function detailOf(path: string, expose: readonly Expose[]): Detail {
	const { detail } = documentAt(path) ?? {};
	if (detail !== undefined) return typeof detail === "function" ? detail(expose) : detail;
	if (isNetworkFile(path)) return "wiring";
	return EC2_USER_DATA.test(path) ? "server" : "all";
}
