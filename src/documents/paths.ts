/** Request targets, tree paths, and the level of detail that a path needs. */
import type { Detail } from "../instance/instance.ts";
import type { Expose } from "./network-ports.ts";
import { OPENSTACK_DOCUMENTS } from "./openstack-documents.ts";

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

/** The files of `guestFiles` that hold no more than the network documents and the public part of `meta_data.json`. */
const PUBLIC_GUEST_FILES = /^(network\/.+|nocloud\/(meta-data|network-config))$/;

/**
 * Whether a normalized path is a document that must not be given to the next owner of an address, nor to a reader of the
 * operator API: it lets somebody act as the guest (scripts, passwords, what a vendor gives to this instance alone). A
 * document is private unless it is listed as public. See `hasSecretItems` for `meta_data.json`.
 */
export function isPrivatePath(path: string): boolean {
	const [folder, version, ...names] = path.split("/");
	if (folder !== "openstack") return version !== undefined && version !== "meta-data";
	const below = names.join("/");
	const document = OPENSTACK_DOCUMENTS.find((candidate) => candidate.path === below);
	return document?.isPrivate ?? (below !== "" && !PUBLIC_GUEST_FILES.test(below));
}

/** The blueprint's form: the only wiring document that may contain more. */
const PORTS = /^openstack\/[^/]+\/metadata\/network_data$/;
const BEYOND_WIRING: readonly Expose[] = ["floating_ips", "security_groups"];
const WIRING = /^openstack\/[^/]+\/(network_data\.json|metadata\/network_data(\.json)?|network\/.+)$/;
const SERVER_DOCUMENTS =
	/^(openstack\/[^/]+\/(meta_data\.json|user_data|vendor_data2?\.json|password)|[^/]+\/user-data)$/;

/**
 * The level of detail that a path of the tree needs.
 *
 * @param expose what the operator exposes in addition to the blueprint's members
 */
export function detailOf(path: string, expose: readonly Expose[]): Detail {
	if (PORTS.test(path) && expose.some((what) => BEYOND_WIRING.includes(what))) return "all";
	if (WIRING.test(path)) return "wiring";
	return SERVER_DOCUMENTS.test(path) ? "server" : "all";
}
