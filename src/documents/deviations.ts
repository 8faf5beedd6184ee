/**
 * Where Guestwire's profile `nova` answers otherwise than nova-api-metadata, on purpose. `docs/deviations.md` gives the
 * reason of each under the same id; a test keeps the two alike.
 */

import { parseInOrder, withoutMarks } from "../key-order.ts";
import { jsonText } from "./json.ts";
import { PASSWORD_PATH } from "./paths.ts";
import { UNEXPOSED } from "./unexposed-deviations.ts";

export interface Answered {
	status: number;
	body: string;
}

export interface Deviation {
	/** The heading in docs/deviations.md. */
	readonly id: string;
	/** The paths concerned. */
	readonly path: RegExp;
	/** Takes the difference out of both answers, and nothing else: what still differs is a fault. */
	readonly level: (original: Answered, ours: Answered) => void;
}

const NIC = '"type": "nic", "mac": "[0-9a-f]{2}(?::[0-9a-f]{2}){5}"';
const DISK = String.raw`"type": "disk", "serial": "[0-9a-f-]{36}", "path": "/dev/\w+"`;
const TRUSTED = '(?:"vf_trusted": (?:true|false), )?';
const BUS = '"bus": "none", "address": "none"';
const TAGS = String.raw`, "tags": \["[^"\\]+"\]`;
const TAGGED = `(?:${TRUSTED}${NIC}|${DISK}), ${BUS}${TAGS}`;
/** Listed with or without a tag. */
const WITH_VLAN = String.raw`"vlan": \d+, ${TRUSTED}${NIC}, ${BUS}(?:${TAGS})?`;
const DEVICE = String.raw`\{(?:${TAGGED}|${WITH_VLAN})\}`;
/** Nothing but tagged devices and NICs with a VLAN, member by member as Nova writes those of which it knows neither bus nor address. */
const TAGGED_DEVICES = new RegExp(`"devices": \\[${DEVICE}(?:, ${DEVICE})*\\](?=[,}])`);

const DEVIATIONS: readonly Deviation[] = [
	{
		id: "random_seed",
		path: /meta_data\.json$/,
		level: (original, ours) => {
			for (const answer of [original, ours]) {
				answer.body = answer.body.replace(/"random_seed": "[A-Za-z0-9+/=]{684}"/, '"random_seed": ""');
			}
		},
	},
	{
		id: "device-tags",
		path: /meta_data\.json$/,
		level: (original, ours) => {
			// Nova's fake virt driver records no devices; the API returns only tags.
			if (/"devices": \[\][,}]/.test(original.body)) ours.body = ours.body.replace(TAGGED_DEVICES, '"devices": []');
			else if (original.status === 200 && ours.status === 200) original.body = withDevicesOf(ours.body, original.body);
		},
	},
	{
		id: "nics-of-one-network",
		path: /network_data\.json$/,
		level: (original) => {
			if (original.status === 200) original.body = drawnTogether(original.body);
		},
	},
	{
		id: "mtu-after-attachment",
		path: /network_data\.json$/,
		level: (original, ours) => {
			if (original.status === 200 && ours.status === 200) original.body = withMtusOf(ours.body, original.body);
		},
	},
	{
		id: "ami-id-of-volume",
		path: /^[^/]+\/meta-data\/ami-id$/,
		level: (original, ours) => {
			if (original.body === "None" && ours.status === 404) Object.assign(original, ours);
		},
	},
	{
		id: "ami-id-of-volume",
		path: /^[^/]+\/meta-data$/,
		level: (original, ours) => {
			if (!/^ami-id$/m.test(ours.body)) original.body = original.body.replace(/^ami-id\n/m, "");
		},
	},
	{
		id: "passwords-of-nova",
		path: PASSWORD_PATH,
		level: (original, ours) => {
			if (original.status === 200 && ours.status === 200 && ours.body === "") original.body = "";
		},
	},
	{
		id: "ec2-image-ids",
		path: /^[^/]+\/meta-data\/(ami|kernel|ramdisk)-id$/,
		level: (original, ours) => {
			for (const answer of [original, ours]) answer.body = answer.body.replace(/^(a[mkr]i)-[0-9a-f]{8}$/, "$1-");
		},
	},
	{
		id: "no-empty-answers",
		path: /^[^/]+\/meta-data\/[^/]+$/,
		level: (original, ours) => {
			if (original.status === 200 && original.body === "" && ours.status === 404) Object.assign(original, ours);
		},
	},
	{
		id: "no-empty-answers",
		path: /^[^/]+\/meta-data$/,
		level: (original, ours) => {
			const listed = new Set(ours.body.split("\n"));
			const mayBeEmpty = ["local-ipv4", "public-ipv4", "security-groups"];
			const kept = original.body.split("\n").filter((name) => listed.has(name) || !mayBeEmpty.includes(name));
			original.body = kept.join("\n");
		},
	},
	{
		id: "local-ipv4-is-ipv4",
		path: /^[^/]+\/meta-data\/local-ipv4$/,
		level: (original, ours) => {
			// Without an IPv4 address of its own, Nova gives the request's source address, whatever it is.
			if (ours.status === 404 && /^(10\.0\.0\.1|[0-9a-f:]+|None)$/.test(original.body)) Object.assign(original, ours);
		},
	},
	...UNEXPOSED,
];

type Device = Readonly<Record<string, unknown>>;

/**
 * The original's meta_data.json with our devices, if they are those that a hypervisor recorded but for what no API returns:
 * bus, address and order, local disks, and the tag of a single NIC. Our disks have a path in addition. Any other body stays
 * as it is.
 */
function withDevicesOf(ours: string, original: string): string {
	const document = parseInOrder(original) as { devices?: Device[] };
	const { devices: known }: { devices?: Device[] } = JSON.parse(ours);
	const { devices: recorded } = document;
	if (recorded === undefined || known === undefined || textInOrder(document) !== original) return original;
	const textOf = ({ path: _, ...device }: Device) => jsonText({ ...device, bus: "none", address: "none" });
	const knownTexts = new Set(known.map(textOf));
	const others = recorded.filter((device) => !knownTexts.has(textOf(device)));
	const isNic = ({ type }: Device) => type === "nic";
	const isExplained = (device: Device) =>
		(device["type"] === "disk" && device["serial"] === null) ||
		(isNic(device) && recorded.filter(isNic).length === 1 && !known.some(isNic));
	if (recorded.length - others.length !== known.length || !others.every(isExplained)) return original;
	return textInOrder({ ...document, devices: known });
}

/** The text of a document from `parseInOrder`. */
export function textInOrder(document: object): string {
	return withoutMarks(jsonText(document));
}

interface Wiring {
	readonly links?: readonly { readonly id: string }[];
	readonly networks: readonly { readonly id: string; readonly link: string; readonly network_id: string }[];
}

/**
 * A network_data.json in which NICs of one network stand apart (A, B, A), with those NICs beside each other (A, A, B), in
 * the order of their networks' first NICs, and the networks' entries counted anew. Any other body stays as it is.
 */
function drawnTogether(body: string): string {
	const document: Wiring = JSON.parse(body);
	const { links = [], networks } = document;
	const networkOf = (link: { readonly id: string }) => networks.find((entry) => entry.link === link.id)?.network_id;
	const together = [...Map.groupBy(links, networkOf).values()].flat();
	if (together.every((link, index) => link === links[index])) return body;
	const entries = together.flatMap(({ id }) => networks.filter(({ link }) => link === id));
	const numbered = entries.map((entry, index) => ({ ...entry, id: `network${index}` }));
	return jsonText({ ...document, links: together, networks: numbered });
}

/**
 * The original's network_data.json with the MTUs that Nova forgot: those of every link before the last, which was attached
 * later and has one. A link's MTU is taken from our document.
 */
function withMtusOf(ours: string, original: string): string {
	const document: { links?: { id: string; mtu: number | null }[] } = JSON.parse(original);
	const links = document.links ?? [];
	if (links.length < 2 || links.at(-1)?.mtu === null) return original;
	const known: typeof document = JSON.parse(ours);
	const mtus = new Map(known.links?.map(({ id, mtu }) => [id, mtu]));
	return jsonText({
		...document,
		links: links.map((link) => ({ ...link, mtu: link.mtu ?? mtus.get(link.id) ?? null })),
	});
}

/** The deviations that concern a normalised path. */
export function deviationsOf(path: string): Deviation[] {
	return DEVIATIONS.filter((deviation) => deviation.path.test(path));
}

export const DEVIATION_IDS = new Set(DEVIATIONS.map(({ id }) => id));
