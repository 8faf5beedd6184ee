/** The names of the clients, as on the command line, in the order in which they are reported. */
export const CLIENT_NAMES = [
	"cloud-init",
	"cloudbase-init",
	"talos",
	"glean",
	"nuageinit",
	"afterburn",
	"vyos",
	"sriov-network-operator",
] as const;

/** A client that the check knows. */
export type ClientName = (typeof CLIENT_NAMES)[number];
