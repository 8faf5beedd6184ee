/** Gateways: whether each is there, an address, and of the right family. */
import { parseGateway, placeOf } from "../document-view.ts";
import {
	afterburnFails,
	afterburnGivesUp,
	keyError,
	netplanRefuses,
	nuageinitStops,
	systemRefuses,
} from "../effects.ts";
import { isBlank, member, show } from "../json.ts";
import { netplanReaders, routesOf } from "../route-readers.ts";
import { crash, lost, type Rule, wrong } from "../rule.ts";

const talosStops = crash('"failed to parse route gateway": no networking from the document');
/** An address with a prefix netplan passes on. */
const gatewayRefused = lost("netplan refuses the whole file, or the system the route");

export const gatewayRules: readonly Rule[] = [
	{
		id: "route-gateway-missing",
		title: "A route without a gateway",
		fix: "write the gateway, or take the route out: the subnet's own needs none",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": wrong("leaves the route out"),
			talos: talosStops,
			glean: keyError,
			nuageinit: nuageinitStops,
			afterburn: afterburnGivesUp,
		},
		*find(document) {
			for (const route of routesOf(document)) {
				if (!isBlank(member(route.raw, "gateway"))) continue;
				yield { pointer: placeOf(route, "gateway"), message: "the route has no gateway", only: netplanReaders(route) };
			}
		},
	},
	{
		id: "route-gateway-invalid",
		title: "A gateway that is no address",
		fix: "write the gateway's address without a prefix",
		effects: {
			"cloud-init": gatewayRefused,
			"cloudbase-init": crash("Windows refuses a default route of this kind: no further address is set"),
			talos: talosStops,
			glean: systemRefuses,
			nuageinit: systemRefuses,
			afterburn: afterburnFails,
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const gateway = member(route.raw, "gateway");
				if (isBlank(gateway) || route.gateway) continue;
				const only = netplanReaders(route);
				if (route.destination?.prefixLength !== 0) only.delete("cloudbase-init");
				yield { pointer: `${route.pointer}/gateway`, message: `${show(gateway)} is no address`, only };
			}
		},
	},
	{
		id: "gateway-invalid",
		title: "A network's own `gateway` that is no address",
		fix: "write the gateway's address without a prefix, or a default route instead",
		effects: {
			"cloud-init": gatewayRefused,
			talos: crash('"failed to parse gateway ip": no networking from the document'),
			nuageinit: systemRefuses,
		},
		*find({ networks }) {
			for (const { pointer, raw, isStatic, readBy } of networks) {
				const gateway = member(raw, "gateway");
				if (!isStatic || isBlank(gateway) || parseGateway(gateway)) continue;
				yield { pointer: `${pointer}/gateway`, message: `${show(gateway)} is no address`, only: readBy };
			}
		},
	},
	{
		id: "route-gateway-family",
		title: "A route whose gateway is of the other family",
		fix: "write a gateway of the destination's family",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": lost("sets it as the gateway of the wrong family (cloudbase-init pull request 191)"),
			glean: systemRefuses,
			nuageinit: systemRefuses,
			afterburn: systemRefuses,
		},
		*find(document) {
			for (const route of routesOf(document)) {
				const { destination, gateway } = route;
				if (!destination || !gateway || (destination.version === 6) === gateway.includes(":")) continue;
				const only = netplanReaders(route);
				if (destination.prefixLength !== 0) only.delete("cloudbase-init");
				yield { pointer: `${route.pointer}/gateway`, message: `${gateway} is of the other family`, only };
			}
		},
	},
];
