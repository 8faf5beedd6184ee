/** sriov-network-operator, in Kubernetes nodes: it looks up which Neutron network a passed-through NIC is on. */
import type { Fault } from "../rule.ts";
import { type Client, crash, fine, type Reaction, wrong } from "./client.ts";
import { any, isAt, isIn, isMissing, isNull, isText, not } from "./conditions.ts";

/** Go parses the whole document against types; null counts as missing. */
const cannotParse = crash("cannot parse the document: finds no device, and configures no virtual functions");
const cannotParseUnlessNull = [fine({ when: any(isMissing, isNull, isText) }), cannotParse];
const noNetworkId = wrong("does not learn the network of the NIC: policies that select by network do not apply");

const reactions: Readonly<Record<string, readonly Reaction[]>> = {
	"document-type": [fine({ when: isNull }), cannotParse],
	"list-type": [fine({ when: any(isIn("services"), isNull) }), cannotParse],
	"item-type": [fine({ when: any(isIn("services"), isNull) }), cannotParse],
	"link-id-missing": [
		wrong("does not learn the network of the NIC", { when: any(isMissing, isNull) }),
		...cannotParseUnlessNull,
	],
	"link-id-repeated": [noNetworkId],
	"link-type-missing": cannotParseUnlessNull,
	"nic-mac-missing": [fine({ when: isFalsyNonText }), noNetworkId],
	"nic-mac-invalid": [fine({ when: isText }), cannotParse],
	"mtu-text": [cannotParse],
	"mtu-invalid": [fine({ when: ({ value }) => Number.isInteger(value) }), cannotParse],
	"number-fraction": [fine({ when: not(isAt("mtu")) }), cannotParse],
	"bond-mac-invalid": [fine({ when: isText }), cannotParse],
	"network-id-missing": cannotParseUnlessNull,
	"network-link-missing": [noNetworkId],
	"network-link-unknown": [fine({ when: isNull }), noNetworkId],
	"network-type-missing": cannotParseUnlessNull,
	"network-id-of-neutron-missing": [noNetworkId],
};

export const sriovNetworkOperator: Client = {
	name: "sriov-network-operator",
	title: "sriov-network-operator",
	source: "its source of 2026",
	versions: { oldest: "1.3", newest: "1.6", note: "1.3 and later" },
	renderers: [],
	configuresNetwork: false,
	networkTypes: {},
	reads: { "networks[].network_id": [{}] },
	reactions,
};

function isFalsyNonText({ value }: Fault): boolean {
	return value === false || value === 0;
}
