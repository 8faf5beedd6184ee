/** Which default route wins where a document ranks some of them: as it would in the kernel, or by a DHCP client. */
import { describe, expect, it } from "vitest";
import { any4, dhcp, fixed, foreignNic as nic, rendered } from "../../test/render/foreign.ts";
import type { Meaning } from "../../test/render/meaning.ts";
import { READABLE_FORMATS } from "../../test/render/readers.ts";
import { render } from "./index.ts";

const links = [nic(1), nic(2), nic(3)];
const any6 = (gateway: string, more: object = {}) => ({ network: "::", netmask: "::", gateway, ...more });
const fixed6 = (link: string, ip: string, routes: object[]) => ({
	...fixed(link, ip, { routes }),
	type: "ipv6",
	netmask: "64",
});

/** The metric of an interface's default route, or of the one that a server hands out; 0 for none. */
function metricOf({ routes, learned, dhcp4 }: Meaning): number {
	const own = routes.filter(({ to }) => to === "0.0.0.0/0" || to === "::/0").map(({ metric = 0 }) => metric);
	return Math.min(...own, ...(dhcp4 ? [learned.ipv4 ?? 0] : []));
}

describe.each(READABLE_FORMATS)("%s", (format) => {
	const metricsOf = (networks: object[]) => {
		const { one } = rendered(format, { links, networks });
		return ["eth0", "eth1"].map((name) => metricOf(one(name)));
	};

	it("ranks a link with a metric after a later one without", () => {
		const [backup, first] = metricsOf([
			fixed("nic1", "192.0.2.10", { routes: [any4("192.0.2.1", { metric: 1000 })] }),
			fixed("nic2", "198.51.100.10", { routes: [any4("198.51.100.1")] }),
		]);
		expect([backup, first]).toEqual([1000, 50]);
	});

	it("ranks DHCP with a metric after a static route without, however low the metric", () => {
		const networks = (metric: number) => [
			{ ...dhcp("nic1"), metric },
			fixed("nic2", "198.51.100.10", { routes: [any4("198.51.100.1")] }),
		];
		expect(metricsOf(networks(500))).toEqual([500, 50]);
		expect(metricsOf(networks(20))).toEqual([20, 19]);
	});

	it("ranks a route with a metric before DHCP or after it, which has 100", () => {
		const networks = (metric: number) => [
			fixed("nic1", "192.0.2.10", { routes: [any4("192.0.2.1", { metric })] }),
			dhcp("nic2"),
		];
		expect(metricsOf(networks(1000))).toEqual([1000, 100]);
		expect(metricsOf(networks(50))).toEqual([50, 100]);
		expect(metricsOf(networks(100))).toEqual([100, 101]);
	});

	it("ranks an IPv6 route without a metric as the kernel does", () => {
		const networks = [
			fixed6("nic1", "2001:db8:1::10", [any6("2001:db8:1::1", { metric: 100 })]),
			fixed6("nic2", "2001:db8:2::10", [any6("2001:db8:2::1")]),
		];
		expect(metricsOf(networks)).toEqual([100, 1023]);
	});
});

describe("dracut, which has no metrics", () => {
	it("has the default route that wins, and a remark on the other", () => {
		const networks = [
			fixed("nic1", "192.0.2.10", { routes: [any4("192.0.2.1", { metric: 1000 })] }),
			fixed("nic2", "198.51.100.10", { routes: [any4("198.51.100.1")] }),
		] as Parameters<typeof render>[1]["networks"];
		const { files, remarks } = render("dracut", { links: [nic(1), nic(2)] as never, networks, services: [] });
		const words = (files[0]?.text ?? "").trim().split(" ");
		expect(words).toContain("ip=192.0.2.10:::24::nic0:none:1500");
		expect(words).toContain("ip=198.51.100.10::198.51.100.1:24::nic1:none:1500");
		expect(remarks).toEqual([expect.objectContaining({ pointer: "/networks/0/routes/0", value: '"192.0.2.1"' })]);
	});
});
