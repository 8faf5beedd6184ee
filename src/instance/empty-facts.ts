import type { InstanceFacts } from "./facts.ts";

/** Facts of an instance about which nothing else is known: every list is empty. */
export function emptyFacts(id: string): InstanceFacts {
	return {
		id,
		ports: [],
		subports: [],
		trunks: [],
		networks: [],
		subnets: [],
		dhcpPorts: [],
		floatingIps: [],
		securityGroups: [],
		interfaceAttachments: [],
		volumeAttachments: [],
		bareMetalPorts: [],
		portGroups: [],
	};
}
