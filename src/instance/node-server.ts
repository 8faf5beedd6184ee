/** What Ironic can say about the server on a node. Keys and user data are in a member of our own: docs/bare-metal.md. */
import { plainKey } from "../key-order.ts";
import type { BareMetalNodeFacts } from "./bare-metal-facts.ts";
import type { KeypairFacts, ServerFacts } from "./facts.ts";
import { isMap, nonEmptyText } from "./is-map.ts";

/**
 * The server and its key pairs. `guestwire` of `instance_info` takes precedence over that of `extra`, member by member:
 * undeploying a node clears the first and keeps the second.
 */
export function nodeServer(
	node: BareMetalNodeFacts,
	id: string,
): { readonly server: ServerFacts; readonly keypairs?: readonly KeypairFacts[] } {
	const { instance_info: info, extra } = node;
	const own = { ...mapOf(extra?.guestwire), ...mapOf(info?.guestwire) };
	const keys = textsIn(own["public_keys"]).map(([name, key]) => [plainKey(name), key] as const);
	const userData = nonEmptyText(own["user_data"]);
	const hostname = nonEmptyText(own["hostname"]);
	const names = [own["name"], node.instance_name, info?.display_name, node.name];
	const server: ServerFacts = {
		...{
			id,
			name: names.map(nonEmptyText).find((name) => name !== undefined) ?? id,
			addresses: {},
			security_groups: [],
		},
		metadata: Object.fromEntries(textsIn(own["metadata"])),
		// Names of key pairs are unique per user.
		...(keys.length > 0 && { user_id: node.uuid, key_name: keys.map(([name]) => name) }),
		...(hostname !== undefined && { "OS-EXT-SRV-ATTR:hostname": hostname }),
		...(userData !== undefined && { "OS-EXT-SRV-ATTR:user_data": Buffer.from(userData).toString("base64") }),
	};
	if (keys.length === 0) return { server };
	const keypairs = keys.map(([name, key]) => ({ name, user_id: node.uuid, type: "ssh", public_key: key.trim() }));
	return { server, keypairs };
}

const mapOf = (value: unknown) => (isMap(value) ? value : {});

/** The members of a map with their values as text; numbers and booleans as JSON writes them. */
function textsIn(value: unknown): [string, string][] {
	return Object.entries(mapOf(value)).flatMap(([name, member]): [string, string][] =>
		/^(string|number|boolean)$/.test(typeof member) ? [[name, String(member)]] : [],
	);
}
