import { describe, expect, it } from "vitest";
import { defaultRoute, dns, ipv6, twoNics } from "../../test/check/documents.ts";
import { readNetworkData } from "../documents/read-network-data.ts";
import { render } from "./index.ts";

const rendered = (document: object) => render("networkmanager", readNetworkData(document).data);

describe("networkmanager", () => {
	const first = { services: [dns()], routes: [defaultRoute()] };
	const second = { services: [dns("10.1.0.53")] };

	it("has a remark on the servers of a link that NetworkManager does not tell systemd-resolved", () => {
		const { remarks } = rendered(twoNics(first, second));
		expect(remarks).toEqual([
			{ pointer: "/links/1", reason: expect.stringContaining("systemd-resolved"), value: '["10.1.0.53"]' },
		]);
	});

	it.each([
		["the link has search domains", first, { ...second, dns_search: ["back.example"] }],
		["the link may get a route by DHCP", first, { ...second, type: "ipv4_dhcp" }],
		["another link has them, too", { ...first, services: [dns(), dns("10.1.0.53")] }, second],
		["no link with servers has a route", { services: [dns()] }, second],
	])("has none if %s", (_, one, other) => {
		expect(rendered(twoNics(one, other)).remarks).toEqual([]);
	});

	it("has search domains beside the servers of both families: each needs them", () => {
		const two = twoNics(first, { ...second, dns_search: ["back.example"] });
		const other = ipv6({ link: "tap1", services: [dns("2001:db8::53")] });
		const networks = [...(two["networks"] as object[]), other];
		const text = rendered({ ...two, networks }).files[1]?.text ?? "";
		expect(text).toMatch(/\[ipv4\](\n.+)*\ndns=10.1.0.53;\ndns-search=back.example;\n/);
		expect(text).toMatch(/\[ipv6\](\n.+)*\ndns=2001:db8::53;\ndns-search=back.example;\n/);
	});
});
