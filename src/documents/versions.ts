/** The version folders of both trees, and which document each of them has (nova/api/metadata/base.py). */
import { hasRelease, type NovaRelease } from "../instance/nova-release.ts";
import type { Profile } from "../instance/profile.ts";

/** OpenStack's versions, oldest first; `latest` is the last of them. */
export const OPENSTACK_VERSIONS = [
	"2012-08-10",
	"2013-04-04",
	"2013-10-17",
	"2015-10-15",
	"2016-06-30",
	"2016-10-06",
	"2017-02-22",
	"2018-08-27",
	"2020-10-14",
	"2025-04-04",
] as const;
export type OpenStackVersion = (typeof OPENSTACK_VERSIONS)[number];

/** Amazon's versions, oldest first. */
export const EC2_VERSIONS = [
	"1.0",
	"2007-01-19",
	"2007-03-01",
	"2007-08-29",
	"2007-10-10",
	"2007-12-15",
	"2008-02-01",
	"2008-09-01",
	"2009-04-04",
] as const;
export type Ec2Version = (typeof EC2_VERSIONS)[number];

/** The first version that has a document or member. Versions compare as text. */
export const SINCE = {
	password: "2013-04-04",
	randomSeed: "2013-04-04",
	vendorData: "2013-10-17",
	networkData: "2015-10-15",
	projectId: "2015-10-15",
	devices: "2016-06-30",
	vendorData2: "2016-10-06",
	vlanOfDevice: "2017-02-22",
	vfTrusted: "2018-08-27",
	dedicatedCpus: "2020-10-14",
	shares: "2025-04-04",
} as const satisfies Record<string, OpenStackVersion>;

/** The versions that came with a release later than Zed. */
const RELEASE_OF: Partial<Record<OpenStackVersion, NovaRelease>> = { "2025-04-04": "2025.1" };

/**
 * The versions that a profile lists, oldest first, without `latest`. Others still answer when asked for.
 *
 * @param release profile `nova` lists what Nova of this release lists
 */
export function listedVersions(profile: Profile, release: NovaRelease): readonly OpenStackVersion[] {
	if (profile === "full") return OPENSTACK_VERSIONS;
	return OPENSTACK_VERSIONS.filter((version) => hasRelease(release, RELEASE_OF[version] ?? "zed"));
}

/** The version that a path's folder means; undefined when there is none of that name. */
export function openStackVersion(folder: string): OpenStackVersion | undefined {
	return folder === "latest" ? OPENSTACK_VERSIONS.at(-1) : OPENSTACK_VERSIONS.find((version) => version === folder);
}

/** The EC2 version that a path's folder means; undefined when there is none of that name. */
export function ec2Version(folder: string): Ec2Version | undefined {
	return folder === "latest" ? EC2_VERSIONS.at(-1) : EC2_VERSIONS.find((version) => version === folder);
}
