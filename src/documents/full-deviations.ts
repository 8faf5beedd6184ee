/**
 * Where profile `full` differs from Nova on purpose outside of its network data. `docs/deviations.md` gives the reasons
 * under the same ids.
 */
import type { Keypair } from "../instance/instance.ts";
import { splitKeypairs } from "../instance/keypairs.ts";
import { markedKey, parseInOrder } from "../key-order.ts";
import { type Deviation, textInOrder } from "./deviations.ts";

/** Of network data, listings and the documents of the blueprint (src/service/comparison.ts). */
export const PROFILE_FULL = "profile-full";

interface WithKeys {
	readonly keys?: readonly { readonly name: string; readonly type: string; readonly data: string }[];
}

interface Ec2WithKeys {
	readonly "public-keys"?: Readonly<Record<string, { readonly _name: string; readonly "openssh-key": string }>>;
}

/** The deviation shows in four forms of the same keys: two JSON documents, a listing and a text. */
const KEYS_OF_ONE_PAIR: Omit<Deviation, "id">[] = [
	{
		path: /^openstack\/[^/]+\/meta_data\.json$/,
		level: (original) => {
			const document = parseInOrder(original.body) as WithKeys;
			const split = splitKeypairs((document.keys ?? []).map(({ data, ...key }) => ({ ...key, publicKey: data })));
			if (split.length < 2 || textInOrder(document) !== original.body) return;
			const public_keys = new Map(split.map(({ name, publicKey }) => [name, publicKey]));
			const keys = split.map(({ publicKey: data, ...key }) => ({ ...key, data }));
			original.body = textInOrder({ ...document, public_keys, keys });
		},
	},
	{
		path: /^ec2\/[^/]+\/meta-data\.json$/,
		level: (original) => {
			const document = parseInOrder(original.body) as Ec2WithKeys;
			const { _name: listed = "", "openssh-key": publicKey = "" } = document["public-keys"]?.[markedKey("0")] ?? {};
			const split = splitKeypairs([sshKey(listed.replace(/^0=/, ""), publicKey)]);
			if (split.length < 2 || textInOrder(document) !== original.body) return;
			const folders = split.map(({ name, publicKey: key }, at) => [at, { _name: `${at}=${name}`, "openssh-key": key }]);
			original.body = textInOrder({ ...document, "public-keys": Object.fromEntries(folders) });
		},
	},
	{
		path: /^[^/]+\/meta-data\/public-keys$/,
		level: (original, ours) => {
			const [, name] = /^0=(.+)$/.exec(original.body) ?? [];
			const count = ours.body.split("\n").length;
			if (name === undefined || original.status !== 200 || count < 2) return;
			const further = Array.from({ length: count - 1 }, (_, index) => `${index + 1}=${name}-${index + 2}`);
			original.body = [original.body, ...further].join("\n");
		},
	},
	{
		path: /^[^/]+\/meta-data\/public-keys\/0\/openssh-key$/,
		level: (original) => {
			const [first, ...further] = splitKeypairs([sshKey("", original.body)]);
			if (first !== undefined && further.length > 0) original.body = first.publicKey;
		},
	},
];

const sshKey = (name: string, publicKey: string): Keypair => ({ name, type: "ssh", publicKey });

const FULL_DEVIATIONS: readonly Deviation[] = KEYS_OF_ONE_PAIR.map((form) => ({ id: "keys-of-one-pair", ...form }));

/** The deviations of profile `full` that concern a path over HTTP or a file of a config drive. */
export function fullDeviationsOf(path: string): Deviation[] {
	return FULL_DEVIATIONS.filter((deviation) => deviation.path.test(path));
}

export const FULL_DEVIATION_IDS = new Set(FULL_DEVIATIONS.map(({ id }) => id));
