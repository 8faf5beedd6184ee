/** What is booted: a few guests in every run, all of them by hand. */
import type { Carrier, GuestCase } from "./guest.ts";
import type { Role } from "./roles.ts";

/** Most roles and carriers, each with a wiring of its own. */
const EVERY_RUN = [
	"bookworm netplan static iso9660-disk",
	"bookworm netplan dhcp-and-static http-haproxy",
	"trixie netplan bond-vlan iso9660-cd",
	"trixie network-manager addresses iso9660-disk",
	"trixie ifupdown dual-stack iso9660-disk",
	"trixie networkd-files trunk iso9660-disk",
	"bookworm busybox ipv6-static http-haproxy",
	"bookworm networkd-files bond-vlan iso9660-disk",
	"bookworm busybox bond-vlan vfat-disk",
	"trixie busybox-iproute2 trunk iso9660-cd",
];

const WIRINGS = [
	...[
		"static",
		"dual-stack",
		"addresses",
		"dhcp-and-static",
		"trunk",
		"bond",
		"bond-vlan",
		"mtu",
		"ipv6-static",
		"slaac",
	],
	...[
		"dhcpv6",
		"dhcp",
		"static-and-slaac",
		"link-local-gateway",
		"gateway-outside",
		"route-off-link",
		"vlan-mtu",
		"eight-nics",
		"no-port",
	],
];
const GUESTS = [
	...["bookworm netplan", "trixie netplan", "trixie network-manager", "bookworm ifupdown", "trixie ifupdown"],
	...["bookworm networkd-files", "trixie networkd-files", "bookworm busybox", "bookworm busybox-iproute2"],
];
/** Without a NIC there is no document, so `guestwire render` ends with an error. */
const hasFiles = (guest: string, wiring: string) => !(guest.endsWith("networkd-files") && wiring === "no-port");
const MATRIX = GUESTS.flatMap((guest) =>
	WIRINGS.filter((wiring) => hasFiles(guest, wiring)).map((wiring) => `${guest} ${wiring} iso9660-disk`),
);

/**
 * @param choice of $GUESTWIRE_GUESTS: nothing, `matrix`, or cases as above, separated by commas, in which words may be
 * left out at the end: `trixie netplan, bookworm busybox trunk vfat-cd`
 */
export function guestCases(choice: string | undefined): GuestCase[] {
	if (choice === undefined || choice === "") return EVERY_RUN.map(parseCase);
	if (choice === "matrix") return MATRIX.map(parseCase);
	return choice.split(",").flatMap((text) => {
		const words = text.trim().split(/\s+/);
		if (words.length === 4) return [parseCase(text.trim())];
		return MATRIX.filter((one) => one.startsWith(`${words.join(" ")} `)).map(parseCase);
	});
}

function parseCase(text: string): GuestCase {
	const [suite, role, wiring = "", carrier] = text.split(" ");
	return { suite: suite as GuestCase["suite"], role: role as Role, wiring, carrier: carrier as Carrier };
}
