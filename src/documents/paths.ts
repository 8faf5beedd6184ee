/** Request targets and tree paths, and which facts a path needs. */
import type { Expose } from "./network-ports.ts";

/** `wiring`: ports, networks, subnets. `record`: the server and its tagged devices. `all`: both, and what hangs on them. */
type Detail = "wiring" | "server" | "all";

/**
 * A request target as Nova's `posixpath.normpath` leaves it, without leading slash: escapes decoded (`%2F` is a slash
 * too), query dropped, `//`, `.`, `..` and a trailing `/` resolved; never above the root. `ec2/` is dropped: it is the
 * name under which the root's folders are kept. A target in absolute form, which a client behind a proxy sends, means
 * its path (RFC 9112, 3.2.2: every server must take it).
 *
 * @returns undefined for what can be no path of the tree: bytes that are no UTF-8, control characters.
 */
export function normalizePath(target: string): string | undefined {
	const end = target.search(/[?#]/);
	const decoded = decode((end < 0 ? target : target.slice(0, end)).replace(ORIGIN, ""));
	// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
	if (decoded === undefined || /[\x00-\x1f\x7f]/.test(decoded)) return undefined;
	const names: string[] = [];
	for (const name of decoded.split("/")) {
		if (name === "..") names.pop();
		else if (name !== "" && name !== ".") names.push(name);
	}
	return (names[0] === "ec2" && names[1] !== "openstack" ? names.slice(1) : names).join("/");
}

/** What stands before the path in a target of absolute form. */
const ORIGIN = /^https?:\/\/[^/]*/i;

function decode(text: string): string | undefined {
	if (!text.includes("%")) return text;
	try {
		return decodeURIComponent(text);
	} catch {
		return undefined;
	}
}

/** `openstack/<version>/password`: kept by whoever keeps state, not in the tree. */
export const PASSWORD_PATH = /^openstack\/[^/]+\/password$/;

/** The blueprint's form: the one document of the wiring that may tell more. */
const PORTS = /^openstack\/[^/]+\/metadata\/network_data$/;
const BEYOND_WIRING: readonly Expose[] = ["floating_ips", "security_groups"];
const WIRING = /^openstack\/[^/]+\/(network_data\.json|metadata\/network_data(\.json)?|network\/.+)$/;
const RECORD = /^(openstack\/[^/]+\/(meta_data\.json|user_data|vendor_data2?\.json|password)|[^/]+\/user-data)$/;

/**
 * Which facts a path of the tree needs.
 *
 * @param expose what the operator lets out beside the blueprint's members
 */
export function needOf(path: string, expose: readonly Expose[]): Detail {
	if (PORTS.test(path) && expose.some((what) => BEYOND_WIRING.includes(what))) return "all";
	if (WIRING.test(path)) return "wiring";
	return RECORD.test(path) ? "server" : "all";
}
