/** Conditions on a fault, for the clients' tables. */
import { cidrContains, isEthernetMac, isUnspecified } from "../../instance/addresses.ts";
import { BOND_MODES } from "../../instance/bonding.ts";
import { isBlank, isEmptyContainer, member, numberOf } from "../json.ts";
import { isDns, nameServersOfNetwork, serversOf } from "../name-servers.ts";
import type { Fault } from "../rule.ts";
import { vlansOn } from "../vlans.ts";
import type { Part } from "./client.ts";

type Test = (fault: Fault) => boolean;

/** The member is missing, as opposed to null or of a wrong type. */
export const isMissing: Test = ({ value }) => value === undefined;
export const isText: Test = ({ value }) => typeof value === "string";
export const isNumber: Test = ({ value }) => typeof value === "number";
/** What JSON Schema takes for an integer. */
export const isInteger: Test = ({ value }) => Number.isInteger(value);
export const isNull: Test = ({ value }) => value === null;
export const isList: Test = ({ value }) => Array.isArray(value);
export const isTextList: Test = ({ value }) => Array.isArray(value) && value.every((item) => typeof item === "string");
/** A service's list of valid addresses. */
export const isAddressList: Test = ({ value, service }) =>
	Array.isArray(value) && service !== undefined && serversOf(service).length === value.length;
export const isNonEmptyText: Test = ({ value }) => typeof value === "string" && value !== "";
export const isEmptyText: Test = ({ value }) => value === "";
/** A list with an item that is not text, which Python cannot join. */
export const isUnjoinableList: Test = ({ value }) =>
	Array.isArray(value) && value.some((item) => typeof item !== "string");
/** A list or an object, which cannot be a key in Python. */
export const isUnhashable: Test = ({ value }) => typeof value === "object" && value !== null;
export const isBlankValue: Test = ({ value }) => isBlank(value);
export const isEmptyIterable: Test = ({ value }) =>
	isEmptyContainer(value) || (Array.isArray(value) && value.length === 0);

/** A number or text that is not one of the kernel's modes, 0 to 6. */
export const isNoMode: Test = ({ value }) => BOND_MODES[numberOf(value)] === undefined;
/** A bond's option that has only this name, with dashes. */
export const isOnlySpelling: Test = ({ link, value }) =>
	link !== undefined && !Object.hasOwn(link.raw, String(value).replaceAll("-", "_"));
/** A MAC address with dashes, which systemd and NetworkManager read, too. */
export const isDashedMac: Test = ({ value }) =>
	typeof value === "string" && !value.includes(":") && isEthernetMac(value.replaceAll("-", ":"));
export const isDnsService: Test = ({ service }) => service !== undefined && isDns(service);

export const isStatic = ({ network }: Part): boolean => network?.isStatic === true;
export const hasNetwork: Test = ({ network }) => network !== undefined;
export const hasLink = ({ network }: Part): boolean => network?.link !== undefined;
export const isNic = ({ link }: Part): boolean => link?.kind === "nic";
/** Networks are on the link. */
export const isUsed: Test = ({ link }) => link !== undefined && link.networks.length > 0;
export const isNicWithNetwork: Test = (fault) => isNic(fault) && isUsed(fault);
/** A VLAN is on the link. */
export const hasVlan: Test = ({ link, document }) => link !== undefined && vlansOn(link, document).length > 0;
export const isVlan: Test = ({ link }) => link?.kind === "vlan";
export const isBond = ({ link }: Part): boolean => link?.kind === "bond";
export const isIpv6: Test = ({ network }) => network?.version === 6;
export const hasOwnPrefix: Test = ({ network }) => network?.address?.ownPrefix !== undefined;
export const hasEmptyNetmask: Test = ({ network }) => network !== undefined && member(network.raw, "netmask") === "";
export const routeHasOwnPrefix: Test = ({ route }) => route?.address?.ownPrefix !== undefined;
export const isDefaultRoute: Test = ({ route }) => route?.destination?.prefixLength === 0;
/** A gateway that says that there is none: the route's destination is on the link. */
export const isNoGateway: Test = ({ value }) => typeof value === "string" && isUnspecified(value);
/** A route of the link says that the gateway is on the link: to the gateway, and without one itself. */
export const isDeclaredOnLink: Test = ({ value, link }) =>
	typeof value === "string" &&
	link?.networks
		.flatMap(({ routes }) => routes)
		.some(
			({ destination, gateway }) =>
				destination !== undefined &&
				destination.prefixLength > 0 &&
				gateway !== undefined &&
				isUnspecified(gateway) &&
				cidrContains(destination, value),
		) === true;
/** The fault is in the document's list of that name. */
export const isIn =
	(list: "links" | "networks" | "services"): Test =>
	({ pointer }) =>
		pointer === `/${list}` || pointer.startsWith(`/${list}/`);
/** The fault is in a member of that name. */
export const isAt =
	(name: string): Test =>
	({ pointer }) =>
		pointer.endsWith(`/${name}`);
export const hasLinks: Test = ({ document }) => document.links.length > 0;

export const hasMember =
	(part: "link" | "network", name: string): Test =>
	(fault) =>
		fault[part] !== undefined && Object.hasOwn(fault[part].raw, name);

/** The network has name servers in one of these members. */
export const hasServersIn =
	(...sources: readonly string[]): Test =>
	({ network }) =>
		network !== undefined && nameServersOfNetwork(network).some(({ source }) => sources.includes(source));
/** The link, or the network's, has name servers in one of these members, on any of its networks. */
export const linkHasServersIn =
	(...sources: readonly string[]): Test =>
	({ network, link = network?.link }) =>
		link?.networks.flatMap(nameServersOfNetwork).some(({ source }) => sources.includes(source)) === true;
export const hasSearch: Test = ({ network }) => network !== undefined && !isBlank(member(network.raw, "dns_search"));

export function all(...tests: readonly Test[]): Test {
	return (fault) => tests.every((test) => test(fault));
}

export function any(...tests: readonly Test[]): Test {
	return (fault) => tests.some((test) => test(fault));
}

export function not(test: Test): Test {
	return (fault) => !test(fault);
}

export function isListedBeforeParent({ link, otherLink, document }: Fault): boolean {
	return (
		link !== undefined && otherLink !== undefined && document.links.indexOf(otherLink) > document.links.indexOf(link)
	);
}
