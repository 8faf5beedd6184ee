/** What several of cloud-init's reactions say, and where they hold. */

export const typeError = "TypeError: no NIC is configured";

/** netplan's generator reads the whole file or nothing. */
export const netplanRefuses = "netplan refuses the whole file: no NIC comes up";
const isDegraded = "status is degraded and cloud-init status --wait exits with 2";
export const degradedStatus = `its ${isDegraded}`;
export const degraded = `networking is right, but cloud-init's ${isDegraded}`;
export const NETPLAN = { renderers: ["netplan"] } as const;
/** Where it validates the network configuration that it made of the document, and reports what does not fit. */
export const SCHEMA = { since: "24.2" } as const;
