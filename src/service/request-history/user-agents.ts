/** User agents that name the program. Group 1 is the version. */
export const USER_AGENTS: readonly (readonly [pattern: RegExp, name: string])[] = [
	[/^Cloud-Init\/(\d[\w.]*)/i, "cloud-init"],
	[/^cloudbase-init\/?(\d[\w.]*)?/i, "cloudbase-init"],
	[/^Ignition\/(\d[\w.]*)/i, "ignition"],
	[/^Talos\/?v?(\d[\w.]*)?/i, "talos"],
	[/^afterburn\/?(\d[\w.]*)?/i, "afterburn"],
	[/^coreos-cloudinit\/?(\d[\w.]*)?/i, "coreos-cloudinit"],
	[/^curl\/(\d[\w.]*)/i, "curl"],
	[/^wget\/(\d[\w.]*)/i, "wget"],
];

/** The names of all programs that are recognized. */
export const KNOWN_PROGRAMS: readonly string[] = USER_AGENTS.map(([, name]) => name);
