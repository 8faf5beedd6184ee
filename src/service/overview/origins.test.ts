import { describe, expect, it } from "vitest";
import { recordedInstances } from "../../../test/metadata-service.ts";
import type { NetworkData } from "../../documents/network-data.ts";
import { networkData } from "../../documents/network-data-full.ts";
import type { Instance, Port } from "../../instance/instance.ts";
import { openFilesSource } from "../../source/files/index.ts";
import { type Origin, originsOf } from "./origins.ts";

const portsOf = ({ ports }: Instance): Port[] =>
	ports.flatMap((port) => [port, ...(port.trunk?.subports ?? []).map((subport) => subport.port)]);
const at = (document: unknown, pointer: string) =>
	pointer
		.split("/")
		.slice(1)
		.reduce((value, name) => (value as Record<string, unknown>)?.[name], document);

/** The values of the page's table that have no origin. */
function unexplained(document: NetworkData | undefined, origins: readonly Origin[]): string[] {
	const explained = new Set(origins.map(({ pointer }) => pointer));
	const lists = [
		["links", document?.links ?? []],
		["networks", document?.networks ?? []],
	] as const;
	const pointers = lists.flatMap(([list, items]) =>
		items.flatMap((item: object, index) =>
			Object.entries(item).flatMap(([member, value]) => {
				const pointer = `/${list}/${index}/${member}`;
				if (member !== "routes" || value.length === 0) return [pointer];
				return Array.from(value as unknown[], (_, route) => `${pointer}/${route}`);
			}),
		),
	);
	return pointers.filter((pointer) => !explained.has(pointer));
}

/** What the named resource really has. */
function actual(instance: Instance, { kind, id, member }: Origin): unknown {
	const ports = portsOf(instance);
	const port = ports.find((one) => one.id === id);
	const network = ports.find((one) => one.network.id === id)?.network;
	const subnet = ports.flatMap(({ fixedIps }) => fixedIps).find((one) => one.subnet.id === id)?.subnet;
	if (kind === "port" && member === "mac_address") return port?.macAddress;
	if (kind === "port" && member === "id") return port?.id;
	if (kind === "network" && member === "mtu") return network?.mtu;
	if (kind === "network" && member === "id") return network?.id;
	if (kind === "subnet" && member === "id") return subnet?.id;
	return undefined;
}

describe.each(recordedInstances.map((instance) => [instance.server?.name, instance] as const))(
	"%s",
	(_name, instance) => {
		const document = networkData(instance);
		const origins = document === undefined ? [] : originsOf(instance, document);

		it("has origins that exist, of values that exist", () => {
			for (const origin of origins) {
				if (origin.kind !== "setting") expect(at(document, origin.pointer), origin.pointer).toBeDefined();
				const value = actual(instance, origin);
				if (value !== undefined) expect(at(document, origin.pointer), origin.pointer).toEqual(value);
			}
		});

		it("explains every value", () => {
			expect(unexplained(document, origins)).toEqual([]);
		});
	},
);

describe("the examples", () => {
	const exampleInstances = async () => {
		const source = await openFilesSource(new URL("../../../examples/inventory", import.meta.url).pathname);
		const all = await Promise.all((await source.list()).map(({ id }) => source.instance(id, "all")));
		await source.close?.();
		return all.filter((instance) => instance !== undefined);
	};
	const originsIn = (instance: Instance) =>
		originsOf(instance, networkData(instance) ?? { links: [], networks: [], services: [] });

	it("explain every value, those of bonds and their members too", async () => {
		const instances = await exampleInstances();
		expect(instances.length).toBeGreaterThan(3);
		for (const instance of instances) {
			expect(unexplained(networkData(instance), originsIn(instance)), instance.id).toEqual([]);
		}
	});

	it("credit no VIF type to a port without one", async () => {
		const instance = (await exampleInstances()).find(({ id }) => id === "web-1");
		const type = instance && originsIn(instance).find(({ pointer }) => pointer === "/links/0/type");
		expect(type).toMatchObject({ kind: "port", member: "binding:vif_type: not known" });
	});
});

it("credits a DNS server of a DHCP subnet, which a static network repeats, to that subnet", () => {
	const [own] = recordedInstances.filter(({ ports: [port] }) => port?.fixedIps[0]?.subnet.dnsServers.length);
	const [port] = own?.ports ?? [];
	const [fixedIp] = port?.fixedIps ?? [];
	if (own === undefined || port === undefined || fixedIp === undefined)
		throw new Error("no instance with a DNS server");
	const dhcp = { ...fixedIp.subnet, id: "by-dhcp", dhcp: true, dnsServers: ["192.0.2.53"] };
	const fixed = { ...fixedIp.subnet, id: "static", dhcp: false, dnsServers: [] };
	const instance = {
		...own,
		ports: [
			{
				...port,
				fixedIps: [
					{ ...fixedIp, subnet: dhcp },
					{ ...fixedIp, subnet: fixed },
				],
			},
		],
	};
	const document = networkData(instance);
	const place = document?.networks.findIndex(({ subnet_id: id }) => id === "static");
	const origins = originsOf(instance, document ?? { links: [], networks: [], services: [] });
	for (const member of ["services", "dns_nameservers"]) {
		const holders = origins.filter(({ pointer }) => pointer === `/networks/${place}/${member}`).map(({ id }) => id);
		expect(holders).toEqual(["by-dhcp"]);
	}
});

function staticInstance(): Instance {
	const found = recordedInstances.find(({ ports: [port] }) => port?.fixedIps[0]?.subnet.dhcp === false);
	if (found === undefined) throw new Error("no instance with a static address");
	return found;
}

/** The origins of the first network's routes. */
function routeOrigins(instance: Instance): Origin[] {
	const document = networkData(instance) ?? { links: [], networks: [], services: [] };
	return originsOf(instance, document).filter(({ pointer }) => pointer.startsWith("/networks/0/routes"));
}

it("names a next hop outside the subnet, and a host route that is left out because no router has its next hop", () => {
	const own = staticInstance();
	const hostRoutes = [
		{ destination: "192.0.2.0/24", nexthop: "198.51.100.7" },
		{ destination: "203.0.113.0/24", nexthop: "224.0.0.5" },
		{ destination: "0.0.0.0/0", nexthop: "0.0.0.0" },
	];
	const ports = own.ports.map((port) => ({
		...port,
		fixedIps: port.fixedIps.map((fixedIp) => ({ ...fixedIp, subnet: { ...fixedIp.subnet, hostRoutes } })),
	}));
	const routes = routeOrigins({ ...own, ports });
	expect(routes.map(({ pointer, member }) => [pointer, member])).toEqual([
		["/networks/0/routes/0", "gateway_ip"],
		["/networks/0/routes/1", "host_routes: a next hop outside the subnet"],
		["/networks/0/routes/2", "host_routes"],
		["/networks/0/routes", "host_routes: 203.0.113.0/24 by 224.0.0.5 is left out, because no router has that address"],
		["/networks/0/routes", "host_routes: 0.0.0.0/0 by 0.0.0.0 is left out, because no router has that address"],
	]);
});

it("says that a gateway is the port's own address, and not that the default route is on another link", () => {
	const own = staticInstance();
	const [port] = own.ports;
	const [fixedIp] = port?.fixedIps ?? [];
	if (port === undefined || fixedIp?.address === undefined) throw new Error("no static address");
	const { address, subnet } = fixedIp;
	const hostRoutes = [{ destination: "192.0.2.0/24", nexthop: address }];
	const router = { ...port, fixedIps: [{ address, subnet: { ...subnet, gateway: address, hostRoutes } }] };
	const routes = routeOrigins({ ...own, ports: [router] });
	expect(routes.map(({ kind, member }) => [kind, member])).toEqual([
		["subnet", `host_routes: 192.0.2.0/24 by ${address} is left out, because the port has that address itself`],
		["subnet", `gateway_ip: ${address} is the port's own`],
	]);
});

it("says which setting omits a second default route", () => {
	const all = recordedInstances.flatMap((instance) => {
		const document = networkData(instance);
		return document === undefined ? [] : originsOf(instance, document);
	});
	expect(all.filter(({ kind }) => kind === "setting").map(({ id }) => id)).toContain("networkData.defaultRoutes");
});
