import type { Exception } from "../clients/exceptions.ts";

/** Where a guest does not come up as its document says. */
export const GUEST_EXCEPTIONS: readonly Exception[] = [
	{
		runs: { client: ["netplan"], wiring: ["dhcp-and-static", "dhcp", "slaac"] },
		difference: /^NIC 0: search domain missing/,
		defect:
			"cloud-init writes no search domain for a network with DHCP or SLAAC, and systemd-networkd takes none from there by default",
	},
	{
		runs: { suite: ["bookworm"], client: ["ifupdown"] },
		difference: /DNS server missing|search domain (missing|extra: DOMAINS)|^DNS: no query was answered|none of its DNS/,
		defect:
			"Debian 12's hook of systemd-resolved for ifupdown (/etc/network/if-up.d/resolved) quotes the names of its variables, and loses what they hold",
	},
];
