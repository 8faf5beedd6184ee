import { expect, test } from "vitest";
import { type FoundChange, reportedChanges } from "./silent-changes.ts";

type Change = Omit<FoundChange, "id">;

/** What the mirror still has. */
const KNOWN = ["port kept", "network kept", "security_group kept"];

async function isReported(change: Change): Promise<boolean> {
	const read = async (selectors: readonly { kind: string; ids: readonly string[] }[]) => ({
		resources: selectors
			.flatMap(({ kind, ids }) => ids.map((id) => ({ kind, id })))
			.filter(({ kind, id }) => KNOWN.includes(`${kind} ${id}`)),
	});
	return (await reportedChanges([{ ...change, id: "x" }], { read } as never)).length > 0;
}

const MAC = "FA:16:3E:00:12:34";
const port = (...addresses: string[]) => ({
	...{ name: "nic", device_owner: "compute:nova", mac_address: MAC },
	fixed_ips: addresses.map((ip_address) => ({ subnet_id: "sub", ip_address })),
});
const floatingIp = (port_id: string | null) => ({
	floating_ip_address: "203.0.113.9",
	port_id,
	fixed_ip_address: null,
});
const group = (...named: (string | null)[]) => ({
	name: "web",
	security_group_rules: named.map((remote_group_id) => ({ direction: "ingress", remote_group_id })),
});
const server = { name: "vm", addresses: { lan: [{ addr: "10.0.0.5" }] }, security_groups: [{ name: "web" }] };
const SLAAC = "2001:db8::f816:3eff:fe00:1234";

test.each<readonly [string, Change]>([
	["nothing but the revision", { kind: "network", before: { name: "lan" }, now: { name: "lan" } }],
	[
		"a member that an older version stored",
		{ kind: "trunk", before: { name: "t", status: "DOWN" }, now: { name: "t" } },
	],
	[
		"a member that an older version did not store",
		{ kind: "trunk", before: { name: "t" }, now: { name: "t", mtu: 1 } },
	],
	["what was created and is gone", { kind: "port", before: undefined, now: undefined }],
	["a server's addresses", { kind: "server", before: server, now: { ...server, addresses: {} } }],
	["a server's groups", { kind: "server", before: server, now: { ...server, security_groups: [] } }],
	["an automatic address", { kind: "port", before: port("10.0.0.5"), now: port("10.0.0.5", SLAAC) }],
	["the end of one", { kind: "port", before: port("10.0.0.5", SLAAC), now: port("10.0.0.5") }],
	["a floating IP of a deleted port", { kind: "floatingip", before: floatingIp("gone"), now: floatingIp(null) }],
	["rules that named a deleted group", { kind: "security_group", before: group(null, "gone"), now: group(null) }],
	["a deleted network's subnet", { kind: "subnet", before: { name: "s", network_id: "gone" }, now: undefined }],
	["a project's first group", { kind: "security_group", before: undefined, now: { ...group(), name: "default" } }],
	["the network of routers", { kind: "network", before: undefined, now: { name: "HA network tenant 5f" } }],
	["its subnet", { kind: "subnet", before: { name: "HA subnet tenant 5f", network_id: "kept" }, now: undefined }],
])("no signal reports %s", async (_, change) => {
	expect(await isReported(change)).toBe(false);
});

test.each<readonly [string, Change]>([
	["another name", { kind: "network", before: { name: "lan" }, now: { name: "wan" } }],
	["a new network", { kind: "network", before: undefined, now: { name: "lan" } }],
	["a server's name", { kind: "server", before: server, now: { ...server, name: "new", addresses: {} } }],
	["another address", { kind: "port", before: port("10.0.0.5"), now: port("10.0.0.6") }],
	["an address of another NIC's", { kind: "port", before: port(), now: port("2001:db8::f816:3eff:fe00:9999") }],
	["a floating IP that was taken away", { kind: "floatingip", before: floatingIp("kept"), now: floatingIp(null) }],
	["a floating IP of another port", { kind: "floatingip", before: floatingIp("gone"), now: floatingIp("kept") }],
	["a rule that was deleted", { kind: "security_group", before: group(null, "kept"), now: group(null) }],
	["a rule that was added", { kind: "security_group", before: group("gone"), now: group(null) }],
	["a deleted floating IP of a deleted port", { kind: "floatingip", before: floatingIp("gone"), now: undefined }],
	["a deleted group that named a deleted one", { kind: "security_group", before: group("gone"), now: undefined }],
	["a subnet that was deleted", { kind: "subnet", before: { name: "s", network_id: "kept" }, now: undefined }],
])("a signal reports %s", async (_, change) => {
	expect(await isReported(change)).toBe(true);
});
