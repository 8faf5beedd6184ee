/**
 * Where Guestwire's config drives differ from Nova's own on purpose, in addition to what differs over HTTP.
 * `docs/deviations.md` gives the reasons under the same ids.
 */
import { type Deviation, deviationsOf } from "./deviations.ts";
import { UNEXPOSED_ON_DRIVES } from "./unexposed-deviations.ts";

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
const INJECTED = `\\{"path": ${STRING}, "content_path": ${STRING}\\}`;
const FILES = new RegExp(`"files": \\[${INJECTED}(?:, ${INJECTED})*\\], `);
const ADMIN_PASS = new RegExp(`"admin_pass": ${STRING}, `);

const DRIVE_DEVIATIONS: readonly Deviation[] = [
	{
		id: "ec2-image-ids",
		path: /^ec2\/[^/]+\/meta-data\.json$/,
		level: (original, ours) => {
			for (const answer of [original, ours]) {
				answer.body = answer.body.replaceAll(/("(?:ami|kernel|ramdisk)-id": "a[mkr]i)-[0-9a-f]{8}"/g, '$1-"');
			}
		},
	},
	{
		id: "injected-files",
		path: /^openstack\/[^/]+\/meta_data\.json$/,
		level: (original, ours) => {
			if (!FILES.test(ours.body)) original.body = original.body.replace(FILES, "");
		},
	},
	{
		id: "injected-files",
		path: /^openstack\/content\/\d{4}$/,
		level: (original, ours) => {
			if (ours.status === 404) Object.assign(original, ours);
		},
	},
	{
		id: "injected-password",
		path: /^openstack\/[^/]+\/meta_data\.json$/,
		level: (original, ours) => {
			if (!ADMIN_PASS.test(ours.body)) original.body = original.body.replace(ADMIN_PASS, "");
		},
	},
	...UNEXPOSED_ON_DRIVES,
];

/** The deviations that concern a file of a config drive. */
export function driveDeviationsOf(path: string): Deviation[] {
	return [...deviationsOf(path), ...DRIVE_DEVIATIONS.filter((deviation) => deviation.path.test(path))];
}

export const DRIVE_DEVIATION_IDS = new Set(DRIVE_DEVIATIONS.map(({ id }) => id));
