/**
 * Where Guestwire's profile `nova` answers otherwise than nova-api-metadata, on purpose. `docs/deviations.md` gives the
 * reason of each under the same id; a test keeps the two alike.
 */

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
			// Nova's fake virt driver records no devices; tags alone are what the API tells.
			if (/"devices": \[\][,}]/.test(original.body)) {
				ours.body = ours.body.replace(/"devices": \[\{.*?\}\](?=[,}])/, '"devices": []');
			}
		},
	},
	{
		id: "nics-of-one-network",
		path: /network_data\.json$/,
		level: (original, ours) => {
			if (original.status === 200 && drawnTogether(original.body) === drawnTogether(ours.body))
				ours.body = original.body;
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
			if (ours.status === 404 && /^(10\.0\.0\.1|[0-9a-f:]+)$/.test(original.body)) Object.assign(original, ours);
		},
	},
];

interface Wiring {
	readonly links?: readonly { readonly id: string }[];
	readonly networks: readonly { readonly id: string; readonly link: string; readonly network_id: string }[];
}

/** A network_data.json with its NICs in the order of their networks' first NIC, and without the entries' numbers. */
function drawnTogether(body: string): string {
	const { links = [], networks, ...rest }: Wiring = JSON.parse(body);
	const networkOf = (link: string) => networks.find((entry) => entry.link === link)?.network_id;
	const order = [...new Set(links.map(({ id }) => networkOf(id)))];
	const place = (link: string) => order.indexOf(networkOf(link));
	const sorted = links.toSorted((a, b) => place(a.id) - place(b.id));
	const entries = sorted.flatMap(({ id }) => networks.filter(({ link }) => link === id));
	return JSON.stringify([rest, sorted, entries.map(({ id: _number, ...entry }) => entry)]);
}

/** The deviations that concern a normalised path. */
export function deviationsOf(path: string): Deviation[] {
	return DEVIATIONS.filter((deviation) => deviation.path.test(path));
}

export const DEVIATION_IDS = new Set(DEVIATIONS.map(({ id }) => id));
