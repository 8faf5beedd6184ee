import { expect, it } from "vitest";
import { addEvidence, clientOfUserAgent, NO_EVIDENCE } from "./client.ts";

const paths = (version: string, ...names: string[]) => names.map((name) => `openstack/${version}/${name}`);
const detect = (requests: readonly string[], userAgent = "python-requests/2.32") =>
	requests.reduce((known, path) => addEvidence(known, path, userAgent), NO_EVIDENCE).client;

it.each([
	["Cloud-Init/24.1", "cloud-init@24.1"],
	["Cloud-Init/25.1.4-1~deb13", "cloud-init@25.1.4"],
	["Ignition/2.14.0", "ignition@2.14.0"],
	["curl/8.14.1", "curl@8.14.1"],
	["python-requests/2.32.3", undefined],
	["", undefined],
])("the user agent %s is %s", (userAgent, client) => {
	expect(clientOfUserAgent(userAgent)).toBe(client);
});

// The programs' requests as recorded from their runs.
it.each([
	[
		"cloud-init",
		paths("2018-08-27", "meta_data.json", "user_data", "vendor_data.json", "vendor_data2.json", "network_data.json"),
	],
	[
		"cloudbase-init",
		[
			...paths("latest", "meta_data.json", "user_data"),
			...paths("2013-04-04", "meta_data.json", "password"),
			...paths("latest", "network_data.json"),
		],
	],
	["talos", paths("latest", "meta_data.json", "network_data.json", "user_data")],
	["ignition", paths("latest", "user_data")],
	["coreos-cloudinit", ["latest/api/token", "2009-04-04/", "2009-04-04/meta-data/public-keys"]],
])("the requests of %s reveal it behind a proxy that replaces its user agent", (client, requests) => {
	expect(detect(requests)).toBe(client);
});

it("curl in a guest does not replace the client that configures it, but that client's next version does", () => {
	const guest = addEvidence(NO_EVIDENCE, "openstack/latest/user_data", "Cloud-Init/24.1");
	const tried = addEvidence(guest, "openstack/latest/meta_data.json", "curl/8");
	expect(tried.client).toBe("cloud-init@24.1");
	expect(addEvidence(NO_EVIDENCE, "openstack/latest/user_data", "curl/8")).toMatchObject({
		...{ traits: 0, client: "curl@8", certainty: 0 },
	});
	expect(addEvidence(tried, "openstack/2018-08-27/meta_data.json", "Cloud-Init/25.1").client).toBe("cloud-init@25.1");
});
