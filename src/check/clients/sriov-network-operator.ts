/** sriov-network-operator, in Kubernetes nodes: it looks up which Neutron network a passed-through NIC is on. */
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, type ParsedTypes, type Reaction, wrong } from "./client.ts";
import { any, isAt, isIn, isMissing, isNull, isText, not } from "./conditions.ts";

/** Go parses the whole document against types; null counts as missing. */
const cannotParse = crash("cannot parse the document: finds no device, and configures no virtual functions");
const cannotParseUnlessNull = [fine({ when: any(isMissing, isNull, isText) }), cannotParse];
const noNetworkId = wrong("does not learn the network of the NIC: policies that select by network do not apply");

const wrongMac = wrong("does not find the NIC by it, and does not learn its network", { when: isText });

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [fine({ when: isNull }), cannotParse],
	"document-yaml": [cannotParse],
	"list-type": [fine({ when: any(isIn("services"), isNull) }), cannotParse],
	"item-type": [fine({ when: any(isIn("services"), isNull) }), cannotParse],
	"link-id-missing": [
		wrong("does not learn the network of the NIC", { when: any(isMissing, isNull) }),
		...cannotParseUnlessNull,
	],
	"link-id-repeated": [noNetworkId],
	"link-type-missing": cannotParseUnlessNull,
	"nic-mac-missing": [fine({ when: isFalsyNonText }), noNetworkId],
	// It compares the text with the address of the NIC, which is in lower case and has colons (`createDevicesInfo`).
	"nic-mac-invalid": [wrongMac, cannotParse],
	"nic-mac-upper-case": [wrongMac],
	"mtu-text": [cannotParse],
	"mtu-invalid": [fine({ when: ({ value }) => Number.isInteger(value) }), cannotParse],
	"number-fraction": [fine({ when: not(isAt("mtu")) }), cannotParse],
	"bond-mac-invalid": [fine({ when: isText }), cannotParse],
	"network-id-missing": cannotParseUnlessNull,
	"network-link-missing": [noNetworkId],
	"network-link-unknown": [fine({ when: isNull }), noNetworkId],
	"network-type-missing": cannotParseUnlessNull,
	"network-id-of-neutron-missing": [fine({ when: not(any(isMissing, isNull, isText)) }), noNetworkId],
	"member-type": [cannotParse],
};

/** Go leaves a field as it is for null. */
const text = (value: unknown) => value === null || typeof value === "string";
const integer = (value: unknown) => value === null || Number.isSafeInteger(value);

/** `OSPNetworkData` in pkg/platform/openstack/types.go. */
const parsedTypes: ParsedTypes = {
	links: { id: text, vif_id: text, type: text, mtu: integer, ethernet_mac_address: text },
	networks: { id: text, type: text, link: text, network_id: text },
};

export const sriovNetworkOperator: Client = {
	name: "sriov-network-operator",
	title: "sriov-network-operator",
	source: "its source of 2026",
	versions: { oldest: "1.3", newest: "1.6", note: "1.3 and later" },
	renderers: [],
	configuresNetwork: false,
	networkTypes: {},
	parsedTypes,
	reads: { "networks[].network_id": [{}] },
	reactions,
};

function isFalsyNonText({ value }: Fault): boolean {
	return value === false || value === 0;
}
