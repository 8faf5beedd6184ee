/** Whatever texts a document has, the script does what the document says and nothing else. */
import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NetworkData, NetworkEntry } from "../../src/documents/network-data.ts";
import { render } from "../../src/render/index.ts";
import { hasMachines, type Machine, runAll, startMachine } from "./iproute2-machines.ts";

const NICS = 3;
const mac = (n: number) => `fa:16:3e:00:00:0${n}`;
const CANARY = "/tmp/canary";

/** Texts that would do something if a shell, resolv.conf or a path took them for more than a text. */
const hostile = fc.oneof(
	fc.constantFrom(
		`$(touch ${CANARY})`,
		`\`touch ${CANARY}\``,
		`'; touch ${CANARY}; '`,
		`"; touch ${CANARY}; "`,
		`x\ntouch ${CANARY}\n`,
		`x\rtouch ${CANARY}`,
		`'\nfi\ntouch ${CANARY}\nif :; then '`,
		`& touch ${CANARY} &`,
		`| touch ${CANARY}`,
		`\${IFS}touch\${IFS}${CANARY}`,
		`#\ntouch ${CANARY}`,
		`../../../..${CANARY}`,
		"a.example\nnameserver 6.6.6.6",
		"a.example 6.6.6.6",
		"-x",
		"*",
		"~",
		"\\",
		"\0",
		"\u2028",
	),
	fc.string({ unit: "binary", minLength: 1 }),
);

/** A document's addresses, each a text of its own: no two are the same address. */
const address4 = fc
	.tuple(fc.integer({ min: 1, max: 223 }), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 254 }))
	.map((parts) => parts.join("."))
	.filter((address) => ipaddr.parse(address).range() === "unicast");
const address6 = fc
	.array(fc.integer({ min: 1, max: 0xffff }), { minLength: 6, maxLength: 6 })
	.map((parts) => `2001:db8:${parts.map((part) => part.toString(16)).join(":")}`);
const WIDTH = { 4: 32, 6: 128 } as const;
const mask = (version: 4 | 6, bits: number) =>
	(version === 4 ? ipaddr.IPv4 : ipaddr.IPv6).subnetMaskFromPrefixLength(bits).toString();

const entry = (link: string): fc.Arbitrary<NetworkEntry> =>
	fc.constantFrom(4 as const, 6 as const).chain((version) => {
		const address = version === 4 ? address4 : address6;
		const bits = fc.integer({ min: 8, max: version === 4 ? 30 : 120 });
		return fc.record({
			id: hostile,
			network_id: hostile,
			type: fc.constant(version === 4 ? ("ipv4" as const) : ("ipv6" as const)),
			link: fc.constant(link),
			ip_address: address,
			netmask: bits.map((length) => mask(version, length)),
			routes: fc.array(
				// A host as destination: no two routes lead to the same network by chance.
				fc.record({
					network: address,
					netmask: fc.constant(mask(version, WIDTH[version])),
					gateway: address,
				}),
				{ maxLength: 3 },
			),
			services: fc.array(fc.record({ type: fc.constant("dns" as const), address }), { maxLength: 2 }),
			dns_search: fc.array(hostile, { maxLength: 3 }),
		});
	});

/** Documents whose addresses are right and whose free texts are hostile. */
const wellMeant: fc.Arbitrary<NetworkData> = fc.uniqueArray(hostile, { minLength: 1, maxLength: NICS }).chain((ids) =>
	fc.record({
		links: fc.tuple(
			...ids.map((id, i) =>
				fc.record({
					id: fc.constant(id),
					vif_id: hostile,
					type: fc.constant("ovs" as const),
					mtu: fc.integer({ min: 1280, max: 9000 }),
					ethernet_mac_address: fc.constant(mac(i)),
				}),
			),
		),
		networks: fc.tuple(...ids.map((id) => fc.array(entry(id), { maxLength: 3 }))).map((lists) => lists.flat()),
		services: fc.constant([]),
	}),
);

/** With a bond of the last NIC and a VLAN on it. */
const stacked: fc.Arbitrary<NetworkData> = fc.tuple(wellMeant, hostile, hostile).map(([data, option, value]) => ({
	...data,
	links: [
		...data.links,
		{
			id: "bond",
			type: "bond",
			ethernet_mac_address: mac(8),
			bond_mode: "802.3ad",
			bond_links: data.links.slice(-1).map(({ id }) => id),
			bond_miimon: "100",
			[`bond_${option}`]: value,
		},
		{ id: "vlan", type: "vlan", vlan_id: 101, vlan_link: "bond", vlan_mac_address: mac(9) },
	],
}));

type Path = (string | number)[];

/** Every text and number of a document, with its place. */
function leaves(value: unknown, path: Path = []): [Path, unknown][] {
	if (typeof value !== "object" || value === null) return [[path, value]];
	return Object.entries(value).flatMap(([key, member]) => leaves(member, [...path, key]));
}

/** Documents that have a hostile text anywhere. */
const anything: fc.Arbitrary<NetworkData> = stacked.chain((data) => {
	const places = leaves(data).map(([path]) => path);
	return fc
		.tuple(fc.array(fc.constantFrom(...places), { minLength: 1, maxLength: 4 }), hostile)
		.map(([paths, text]) => {
			const copy = structuredClone(data);
			for (const path of paths) {
				// biome-ignore lint/suspicious/noExplicitAny: any place of the document
				const holder = path.slice(0, -1).reduce((value: any, key) => value[key], copy);
				holder[path.at(-1) ?? ""] = text;
			}
			return copy;
		});
});

/** Stands in for `ip`: notes its words, and has every address ready at once. */
const STUB = `#!/bin/sh
case "$*" in *" scope "*) echo "inet6 here" ;; esac
for word in "$@"; do printf '%s\\037' "$word"; done >>/tmp/calls
printf '\\036' >>/tmp/calls`;

const canonical = (word: string) => {
	const [address = "", length] = word.split("/");
	return isIP(address) === 0 ? word : [ipaddr.parse(address).toString(), ...(length ? [length] : [])].join("/");
};

let machine: Machine;

/** What the script of a document had `ip` do, what it wrote into resolv.conf, and whether it did something else. */
async function run(data: NetworkData) {
	const script = render("iproute2", data).files[0]?.text ?? "";
	const result = await machine.run(
		`rm -rf /run/guestwire /tmp/calls /etc/resolv.conf ${CANARY}
		cat >/tmp/apply.sh
		dash /tmp/apply.sh
		echo "exit $?"
		ls ${CANARY}* 2>/dev/null
		printf '\\035'
		cat /tmp/calls
		printf '\\035'
		cat /etc/resolv.conf 2>/dev/null`,
		script,
	);
	const [outcome = "", calls = "", resolvConf = ""] = result.stdout.split("\u001d");
	const words = calls
		.split("\u001e")
		.slice(0, -1)
		.map((call) => call.split("\u001f").slice(0, -1).map(canonical));
	return { outcome, stderr: result.stderr, changes: words.filter((call) => !call.includes("show")), resolvConf };
}

/** What the document says, in the words of `ip`. */
function expectedChanges(data: NetworkData): string[][] {
	return data.links.flatMap((link, i) => {
		const entries = data.networks.filter((candidate) => candidate.link === link.id);
		const subnets = new BlockList();
		const family = (text: string) => (isIP(text) === 4 ? "ipv4" : "ipv6");
		const bits = (text = "") => ipaddr.parse(text).prefixLengthFromSubnetMask() ?? 0;
		for (const { ip_address: own = "", netmask } of entries) subnets.addSubnet(own, bits(netmask), family(own));
		const option = (text: string) => (isIP(text) === 4 ? "-4" : "-6");
		return [
			["link", "set", "dev", `nic${i}`, "mtu", String(link.mtu)],
			["link", "set", "dev", `nic${i}`, "up"],
			...entries.map(({ ip_address: own = "", netmask }) => [
				...[option(own), "addr", "add", canonical(`${own}/${bits(netmask)}`)],
				...(isIP(own) === 4 ? ["broadcast", "+"] : []),
				...["dev", `nic${i}`],
			]),
			...entries.flatMap(({ routes = [] }) =>
				routes.map(({ network, netmask, gateway }) => [
					...[option(network), "route", "add", canonical(`${network}/${bits(netmask)}`)],
					...["via", canonical(gateway), "dev", `nic${i}`],
					...(subnets.check(gateway, family(gateway)) ? [] : ["onlink"]),
				]),
			),
		];
	});
}

describe.skipIf(!hasMachines)("the iproute2 script (for root; apt-get install dash)", () => {
	beforeAll(async () => {
		machine = await startMachine("debian");
		await runAll(machine, [
			"mount -t tmpfs sys /sys",
			"mount -t tmpfs conf /proc/sys/net/ipv6/conf",
			...Array.from({ length: NICS }, (_, i) => [
				`mkdir -p /sys/class/net/nic${i} /proc/sys/net/ipv6/conf/nic${i}`,
				`echo ${mac(i)} >/sys/class/net/nic${i}/address`,
				`echo 0x1002 >/sys/class/net/nic${i}/flags`,
				`for name in disable_ipv6 accept_ra autoconf; do echo 0 >/proc/sys/net/ipv6/conf/nic${i}/$name; done`,
			]).flat(),
			"mkdir /run/bin",
			"mount --bind /run/bin /usr/local/sbin",
			"for name in modprobe sleep udevadm; do ln -s /bin/true /usr/local/sbin/$name; done",
		]);
		await machine.run("cat >/usr/local/sbin/ip; chmod 755 /usr/local/sbin/ip", STUB);
	});
	afterAll(() => machine.end());

	it("does what the document says, whatever its free texts contain", { timeout: 300_000 }, async () => {
		await fc.assert(
			fc.asyncProperty(wellMeant, async (data) => {
				const { outcome, stderr, changes, resolvConf } = await run(data);
				expect({ outcome, stderr }).toEqual({ outcome: "exit 0\n", stderr: "" });
				expect(changes).toEqual(expectedChanges(data));
				const servers = new Set(
					data.networks.flatMap(({ services = [] }) => services.map(({ address }) => canonical(address))),
				);
				const named = resolvConf.matchAll(/^nameserver (.*)$/gm).map(([, server]) => server);
				expect([...named].toSorted()).toEqual([...servers].toSorted());
			}),
			{ numRuns: 40 },
		);
	});

	it("does nothing else when any text of the document is hostile", { timeout: 300_000 }, async () => {
		await fc.assert(
			fc.asyncProperty(anything, async (data) => {
				const { outcome, changes, resolvConf } = await run(data);
				expect(outcome).toMatch(/^exit [01]\n$/);
				const said = new Set(expectedWords(data));
				for (const word of changes.flat()) expect(said).toContain(word);
				expect(resolvConf).toMatch(/^((nameserver [0-9a-f.:]+|search [a-z0-9._ -]+)\n)*$/);
			}),
			{ numRuns: 40 },
		);
	});
});

/** Every word that `ip` may hear: its own, and the document's addresses and numbers. */
function expectedWords(data: NetworkData): string[] {
	const own = "link set dev mtu up -4 -6 addr route add broadcast + via onlink metric 50".split(" ");
	const metrics = data.links.map((_, i) => String(2048 + i));
	const stacked = "name bond0 bond0.101 eth0.101 eth1.101 eth2.101 type bond vlan id address down".split(" ");
	const nics = Array.from({ length: NICS }, (_, i) => `nic${i}`);
	const texts = leaves(data).map(([, value]) => String(value));
	const addresses = texts.filter((text) => isIP(text) !== 0).map(canonical);
	const lengths = Array.from({ length: 129 }, (_, bits) => bits);
	const networks = addresses.flatMap((address) => lengths.map((bits) => `${address}/${bits}`));
	return [...own, ...metrics, ...stacked, ...nics, ...texts, ...addresses, ...networks];
}
