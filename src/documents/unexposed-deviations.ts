/** Differences from Nova in what no API exposes: Guestwire leaves it out, and never guesses it. See deviations.ts. */
import type { Deviation } from "./deviations.ts";

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
const KEYS = new RegExp(
	`"public_keys": \\{${STRING}: ${STRING}\\}, "keys": \\[\\{"name": ${STRING}, "type": ${STRING}, "data": ${STRING}\\}\\], `,
);
const NETWORK_CONFIG = /"network_config": \{"name": "network_config", "content_path": "\/content\/0000"\}, /;

export const UNEXPOSED: readonly Deviation[] = [
	{
		id: "deleted-keypair",
		path: /^openstack\/[^/]+\/meta_data\.json$/,
		level: (original, ours) => {
			if (ours.status === 200 && !ours.body.includes('"keys": ')) original.body = original.body.replace(KEYS, "");
		},
	},
	{
		id: "deleted-keypair",
		path: /^[^/]+\/meta-data$/,
		level: (original, ours) => {
			if (!/^public-keys\/$/m.test(ours.body)) original.body = original.body.replace(/^public-keys\/\n/m, "");
		},
	},
	{
		id: "deleted-keypair",
		path: /^[^/]+\/meta-data\/public-keys(\/0(\/openssh-key)?)?$/,
		level: (original, ours) => {
			if (original.status === 200 && ours.status === 404) Object.assign(original, ours);
		},
	},
	{
		id: "flat-injected",
		path: /^openstack\/[^/]+\/meta_data\.json$/,
		level: (original, ours) => {
			if (!NETWORK_CONFIG.test(ours.body)) original.body = original.body.replace(NETWORK_CONFIG, "");
		},
	},
	{
		id: "flat-injected",
		path: /^openstack\/content\/0000$/,
		level: (original, ours) => {
			// The first line of Nova's template (nova/virt/interfaces.template).
			const isConfig = original.body.startsWith("# Injected by Nova on instance boot\n");
			if (isConfig && ours.status === 404) Object.assign(original, ours);
		},
	},
	{
		id: "ec2-instance-id",
		path: /^[^/]+\/meta-data\/instance-id$/,
		level: (original, ours) => {
			if (/^i-[0-9a-f]{8}$/.test(original.body) && WHOLE_ID.test(ours.body)) original.body = ours.body;
		},
	},
	{
		id: "ephemeral-and-swap",
		path: /^[^/]+\/meta-data\/block-device-mapping$/,
		level: (original, ours) => {
			const listed = new Set(ours.body.split("\n"));
			const kept = original.body.split("\n").filter((name) => listed.has(name) || !LOCAL_DISK.test(name));
			if (ours.status === 200) original.body = kept.join("\n");
		},
	},
	{
		id: "ephemeral-and-swap",
		path: /^[^/]+\/meta-data\/block-device-mapping\/(ephemeral\d+|swap)$/,
		level: (original, ours) => {
			if (original.status === 200 && ours.status === 404) Object.assign(original, ours);
		},
	},
];

/** Nova's id is a number in hexadecimal; ours is that of the server. */
const WHOLE_ID = /^i-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LOCAL_DISK = /^(ephemeral\d+|swap)$/;

const DISKS_ON_DRIVE = new RegExp(`, "(?:ephemeral\\d+|swap)": ${STRING}`, "g");
const KEYS_ON_DRIVE = new RegExp(`"public-keys": \\{"0": \\{"_name": ${STRING}, "openssh-key": ${STRING}\\}\\}, `);
const ID_ON_DRIVE = /"instance-id": "(i-[0-9a-f-]+)"/;

/** The same on drives, where the EC2 tree is one document. */
export const UNEXPOSED_ON_DRIVES: readonly Deviation[] = [
	{
		id: "deleted-keypair",
		path: /^ec2\/[^/]+\/meta-data\.json$/,
		level: (original, ours) => {
			if (!ours.body.includes('"public-keys": ')) original.body = original.body.replace(KEYS_ON_DRIVE, "");
		},
	},
	{
		id: "ec2-instance-id",
		path: /^ec2\/[^/]+\/meta-data\.json$/,
		level: (original, ours) => {
			const [own = "", id = ""] = ID_ON_DRIVE.exec(ours.body) ?? [];
			if (WHOLE_ID.test(id)) original.body = original.body.replace(/"instance-id": "i-[0-9a-f]{8}"/, own);
		},
	},
	{
		id: "ephemeral-and-swap",
		path: /^ec2\/[^/]+\/meta-data\.json$/,
		level: (original, ours) => {
			const mapping = /"block-device-mapping": \{.*?\}/;
			const own = mapping.exec(ours.body)?.[0];
			// A mapping of defaults has both.
			if (own === undefined || own.includes('"swap": ')) return;
			original.body = original.body.replace(mapping, (text) => text.replaceAll(DISKS_ON_DRIVE, ""));
		},
	},
];
