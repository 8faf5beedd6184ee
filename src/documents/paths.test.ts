import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detailOf, normalizePath } from "./paths.ts";

describe("normalizePath", () => {
	it.each([
		["/openstack/latest/network_data.json", "openstack/latest/network_data.json"],
		["//openstack//latest/", "openstack/latest"],
		["/openstack%2Flatest%2Fnetwork%5Fdata.json", "openstack/latest/network_data.json"],
		["/openstack/../latest/meta-data/", "latest/meta-data"],
		["/../../etc/passwd", "etc/passwd"],
		["/ec2/latest/meta-data", "latest/meta-data"],
		["/ec2/openstack/latest/user_data", "ec2/openstack/latest/user_data"],
		["http://169.254.169.254/openstack/latest", "openstack/latest"],
		["HTTP://[fe80::a9fe:a9fe]:80?x=/y", ""],
		["/http://169.254.169.254/openstack", "http:/169.254.169.254/openstack"],
		["/latest?x=/../..#y", "latest"],
		["/", ""],
		["", ""],
		["/%ff", undefined],
		["/%00", undefined],
		["/a\nb", undefined],
	])("%s is %s", (target, path) => {
		expect(normalizePath(target)).toBe(path);
	});

	it("resolves as POSIX does, and never names a folder above the root", () => {
		const name = fc.constantFrom("openstack", "latest", "..", ".", "", "a", "%2e%2e", "%2F");
		fc.assert(
			fc.property(fc.array(name), (names) => {
				const target = `/${names.join("/")}`;
				expect(normalizePath(target)).toBe(posix.normalize(decodeURIComponent(target)).replaceAll(/^\/+|\/+$/g, ""));
			}),
		);
	});
});

it("requests no more than a document is made of", () => {
	expect(detailOf("openstack/latest/network_data.json", [])).toBe("wiring");
	expect(detailOf("openstack/2018-08-27/metadata/network_data", [])).toBe("wiring");
	expect(detailOf("openstack/latest/metadata/network_data", ["network", "tags"])).toBe("wiring");
	expect(detailOf("openstack/latest/metadata/network_data", ["network", "floating_ips"])).toBe("all");
	expect(detailOf("openstack/latest/meta_data.json", [])).toBe("server");
	expect(detailOf("2009-04-04/user-data", [])).toBe("server");
	expect(detailOf("openstack/latest", [])).toBe("all");
	expect(detailOf("latest/meta-data/local-ipv4", [])).toBe("all");
});
