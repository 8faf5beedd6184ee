import { isByHand } from "./choice.ts";
import { RENDERERS, type Renderer, type Source } from "./client.ts";

type Runs = readonly (readonly [Source, readonly Renderer[]])[];

const OVER_HTTP: Runs = [["OpenStack", RENDERERS]];
const OVER_HTTP_AND_NOCLOUD: Runs = [...OVER_HTTP, ["NoCloud", RENDERERS]];
/** Also where the metadata service cannot be reached: cloud-init never gets there over IPv6 alone. */
const FROM_DRIVE: Runs = [["ConfigDrive", RENDERERS]];

const EVERY_RUN: Readonly<Record<string, Runs>> = {
	static: [
		["OpenStack", RENDERERS],
		["ConfigDrive", ["netplan"]],
		["Ec2", ["netplan"]],
	],
	"dual-stack": [...OVER_HTTP, ["NoCloud", ["netplan", "network-manager"]]],
	"dhcp-and-static": OVER_HTTP,
	trunk: OVER_HTTP,
	bond: OVER_HTTP,
	"bond-vlan": OVER_HTTP,
	addresses: OVER_HTTP,
	dhcp: OVER_HTTP,
	"static-and-slaac": [
		["OpenStack", ["netplan", "network-manager"]],
		["NoCloud", ["netplan", "network-manager"]],
	],
	slaac: FROM_DRIVE,
	dhcpv6: FROM_DRIVE,
	"vlan-mtu": FROM_DRIVE,
	"gateway-outside": FROM_DRIVE,
	"ipv6-static": FROM_DRIVE,
};

/** These find no more than those above, or take long. They replace what is above for the same wiring. */
const BY_HAND: Readonly<Record<string, Runs>> = {
	"dual-stack": OVER_HTTP_AND_NOCLOUD,
	addresses: [...OVER_HTTP, ["NoCloud", ["netplan", "network-manager"]]],
	dhcp: OVER_HTTP_AND_NOCLOUD,
	"link-local-gateway": FROM_DRIVE,
	mtu: OVER_HTTP,
	"route-off-link": OVER_HTTP,
	"eight-nics": OVER_HTTP,
	"no-port": FROM_DRIVE,
};

/** What is run on each wiring. */
export const RUNS: Readonly<Record<string, Runs>> = { ...EVERY_RUN, ...(isByHand && BY_HAND) };
