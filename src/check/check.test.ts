import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bond, bonded, document, ipv4, ipv6, nic, nic2, tagged, twoNics, vlan } from "../../test/check/documents.ts";
import { mutated, replaced } from "../../test/check/mutated.ts";
import { check, losingClients } from "./check.ts";
import { CLIENTS } from "./clients/index.ts";
import type { Finding } from "./finding.ts";
import { isObject, show } from "./json.ts";

/** The value that a JSON pointer (RFC 6901) names; throws if there is none. */
function resolve(pointer: string, root: unknown): unknown {
	return pointer
		.split("/")
		.slice(1)
		.reduce((value: unknown, token) => {
			const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
			if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) throw new Error(`no ${pointer}`);
			return (value as Record<string, unknown>)[key];
		}, root);
}

function expectSound(findings: readonly Finding[], of: unknown): void {
	for (const { pointer, message, severity, effects } of findings) {
		resolve(pointer, of);
		expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
		expect(effects.length === 0 ? severity : effects.map((effect) => effect.severity)).toContain(severity);
	}
}

describe("check", () => {
	it("accepts any JSON, and its pointers name values of it", () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				expectSound(check(value), value);
			}),
		);
	});

	it("does not advise to make a network static that is", () => {
		const findings = check(document({ networks: [ipv4(), ipv6()] }), { clients: ["cloud-init:bsd"] });
		const found = findings.filter(({ rule }) => rule === "network-type-unsupported");
		expect(found.map(({ pointer }) => pointer)).toEqual(["/networks/1/type"]);
		expect(found[0]?.fix).not.toContain("static");
	});

	it("accepts lists of any JSON under the names that it reads", { tags: ["slow"] }, () => {
		const item = fc.oneof(
			fc.jsonValue(),
			fc.dictionary(fc.constantFrom("id", "type", "link", "routes"), fc.jsonValue()),
		);
		const lists = fc.record({ links: fc.array(item), networks: fc.array(item), services: fc.array(item) });
		fc.assert(
			fc.property(lists, (value) => {
				expectSound(check(value), value);
			}),
		);
	});

	it("accepts any change to a sound document, and its pointers name values of it", { tags: ["slow"] }, () => {
		fc.assert(
			fc.property(mutated(), (value) => {
				expectSound(check(value), value);
			}),
			{ numRuns: 500 },
		);
	});

	it("reports the same for the same document, and does not change the document", { tags: ["slow"] }, () => {
		fc.assert(
			fc.property(mutated(), (value) => {
				const copy = structuredClone(value);
				const findings = check(value);
				expect(value).toEqual(copy);
				expect(check(copy)).toEqual(findings);
			}),
		);
	});

	it("reports the highest severity first", () => {
		const order = { error: 0, warning: 1, info: 2 };
		fc.assert(
			fc.property(mutated(), (value) => {
				const severities = check(value).map(({ severity }) => order[severity]);
				expect(severities).toEqual(severities.toSorted());
			}),
		);
	});

	it("reports the same for one client alone as among all", { tags: ["slow"] }, () => {
		fc.assert(
			fc.property(mutated(), fc.constantFrom(...CLIENTS.map(({ name }) => name)), (value, client) => {
				const alone = check(value, { clients: [client] }).flatMap((finding) => finding.effects);
				const among = check(value).flatMap((finding) => finding.effects.filter((effect) => effect.client === client));
				expect(alone).toHaveLength(among.length);
				expect(alone).toEqual(expect.arrayContaining(among));
			}),
		);
	});

	it("lowers a finding to what the requested client suffers", () => {
		const dvs = { ...document(), links: [nic({ type: "dvs" })] };
		expect(check(dvs).map(({ severity }) => severity)).toEqual(["error"]);
		expect(check(dvs, { clients: ["cloud-init"] })).toEqual([]);
		const bridge = { ...document(), links: [nic({ type: "linux_bridge" })] };
		expect(check(bridge, { clients: ["cloud-init"] }).map(({ severity }) => severity)).toEqual(["info"]);
	});

	it("does not report networks whose links come after those that it reads", () => {
		const links = Array.from({ length: 300 }, (_, i) => ({
			...nic({ id: `tap${i}` }),
			ethernet_mac_address: `52:54:00:00:${i >> 8}0:${(i & 255).toString(16).padStart(2, "0")}`,
		}));
		const networks = links.map((_, i) => ({ id: `network${i}`, link: `tap${i}`, type: "ipv4_dhcp" }));
		const rules = check({ links, networks, services: [] }).map(({ rule }) => rule);
		expect(rules).toContain("document-long");
		expect(rules).not.toContain("network-link-unknown");
	});

	it("does not report bonds and VLANs that are made of links after those that it reads", () => {
		const nics = Array.from({ length: 300 }, (_, i) => ({
			...nic({ id: `tap${i}` }),
			ethernet_mac_address: `52:54:00:00:${i >> 8}0:${(i & 255).toString(16).padStart(2, "0")}`,
		}));
		const late = bond({ bond_links: ["tap298", "tap299"], ethernet_mac_address: "52:54:00:00:10:2a" });
		const links = [late, vlan({ vlan_link: "bond0" }), ...nics];
		const networks = [ipv4({ link: "bond0" }), ipv4({ id: "network2", link: "vlan0", ip_address: "10.1.0.5" })];
		const rules = check({ links, networks, services: [] }).map(({ rule }) => rule);
		expect(rules).toContain("document-long");
		expect(rules.filter((rule) => /unknown|foreign/.test(rule))).toEqual([]);
	});

	it("reports that a service has no address", () => {
		const messages = check(document({ services: [{ type: "dns" }] })).map(({ message }) => message);
		expect(messages).toContain("the service has no address");
		expect(messages.join()).not.toContain("undefined");
	});

	it("does not recurse into deep documents", () => {
		const deep = "[".repeat(50_000) + "]".repeat(50_000);
		for (const member of ["links", "networks", "services"]) {
			expect(check(JSON.parse(`{"${member}":${deep}}`)).length).toBeGreaterThan(0);
		}
		expect(check(JSON.parse(`{"links":[{"id":${deep},"type":${deep}}]}`)).length).toBeGreaterThan(0);
	});

	it("is done quickly with lists far longer than it reads, and reports little about them", { tags: ["slow"] }, () => {
		const routes = Array.from({ length: 200 }, (_, i) => ({ network: `10.${i}.0.0`, netmask: "255.255.255.0" }));
		const links = Array.from({ length: 2000 }, (_, i) => nic({ id: `tap${i % 300}`, name: "x".repeat(1000) }));
		const networks = Array.from({ length: 20_000 }, (_, i) => ipv4({ link: `tap${i % 300}`, routes, ip_address: "x" }));
		const start = performance.now();
		const findings = check({ links, networks, services: networks });
		expect(performance.now() - start).toBeLessThan(20_000);
		expect(JSON.stringify(findings).length).toBeLessThan(2_000_000);
		expect(findings.map(({ rule }) => rule)).toContain("document-long");
		expect(findings.some(({ message }) => message.includes("more like this"))).toBe(true);
	});

	it("treats members named like those of Object.prototype as data", () => {
		const odd = JSON.parse(
			'{"__proto__":{"links":[]},"links":[{"__proto__":{"id":"a"},"constructor":1}],"networks":[]}',
		);
		expect(check(odd).map(({ rule }) => rule)).toContain("link-id-missing");
	});
});

describe("a hostile document", () => {
	const deep = JSON.parse("[".repeat(2000) + "]".repeat(2000)) as unknown;
	const odd: readonly unknown[] = [
		{ toString: 1 },
		{ valueOf: 1 },
		{ toString: 1, valueOf: 1 },
		[{ toString: 1 }],
		deep,
		[deep, { a: deep }],
		"x".repeat(100_000),
		"\u001b[2J",
		["\u001b[2J\u202e"],
		{ "\u001b[2J": "\u009b" },
		-0,
		Number.POSITIVE_INFINITY,
		1e300,
		5e-324,
	];
	const onVlan = (parent: unknown, own: unknown) => ({
		links: [nic({ mtu: parent }), vlan({ mtu: own })],
		networks: [ipv4({ link: "vlan0" })],
	});

	it.each<[string, unknown]>([
		["an MTU of the parent that is an object", onVlan({ toString: 1 }, 1400)],
		["an MTU of the parent with an escape", onVlan("\u001b[2J", 1400)],
		["a VLAN tag that is an object", tagged({ vlan_id: { toString: 1 } })],
		["a VLAN tag that is a deep list", tagged({ vlan_id: deep })],
		["types that are lists", twoNics({ type: [{ toString: 1 }] }, { type: [{ toString: 1 }], link: "tap0" })],
		["a link with an escape", bonded({ bond_links: ["\u001b[2J"] })],
		[
			"a VLAN's parent that its network replaces",
			{
				...bonded(),
				links: [nic(), nic2(), bond(), vlan({ vlan_link: "bond0" })],
				networks: [ipv4({ link: "vlan0", vlan_link: { toString: 1 } })],
			},
		],
	])("is read in spite of %s", (_, value) => {
		expectSound(check(value), value);
	});

	it("says what the MTU would be without the one that is not read, as a number", () => {
		const messages = check(onVlan("\u001b[2J", 1400)).flatMap(({ rule, message }) =>
			rule === "mtu-unread" ? [message] : [],
		);
		expect(messages).toEqual(["the VLAN's MTU is 1400, without it the MTU is 1500"]);
	});

	it("is read with any value in any place, and its messages are short and printable", { tags: ["slow"] }, () => {
		fc.assert(
			fc.property(replaced(odd), (value) => {
				const findings = check(value);
				expectSound(findings, value);
				for (const { message, effects } of findings) {
					for (const text of [message, ...effects.map((effect) => effect.text)]) {
						expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
						expect(text.length).toBeLessThan(1000);
					}
				}
			}),
			{ numRuns: 500 },
		);
	});
});

describe("losingClients", () => {
	it("names the clients that lose networking, in order", () => {
		expect(losingClients(check(document()))).toEqual([]);
		expect(losingClients(check(document({ links: [nic({ type: "dvs" })] })))).toEqual(["talos"]);
		expect(losingClients(check(tagged()))).toEqual(["cloudbase-init", "glean", "nuageinit", "afterburn"]);
		expect(losingClients(check(bonded()))).toEqual(["cloud-init", "glean", "nuageinit", "afterburn", "vyos"]);
		expect(losingClients(check(twoNics()))).toEqual([]);
	});

	it("does not count a limitation that the newest version no longer has, unless the older version is requested", () => {
		const losing = (client: string) => losingClients(check(tagged(), { clients: [client] }));
		expect(losing("talos")).toEqual([]);
		expect(losing("talos@1.12.1")).toEqual(["talos"]);
		expect(losing("cloud-init:networkd")).toEqual([]);
		expect(losing("cloud-init@25.1.4:networkd")).toEqual(["cloud-init"]);
	});
});

describe("scopes", () => {
	const effectsOf = (clients: string, rule: string, of: unknown) =>
		check(of, { clients: [clients] }).flatMap((finding) => (finding.rule === rule ? finding.effects : []));

	it("say in which versions and with which renderers an effect occurs", () => {
		const [effect] = effectsOf("cloud-init", "virtual-link-unrendered", tagged());
		expect(effect?.scopes).toEqual([{ until: "26.1", renderers: ["networkd"] }]);
		const lacpRate = bonded({ bond_lacp_rate: "fast" });
		expect(effectsOf("cloud-init", "bond-lacp-rate-unread", lacpRate).flatMap(({ scopes }) => scopes)).toEqual([
			{ since: "26.1", renderers: ["networkd"] },
			{ until: "24.4", renderers: ["network-manager"] },
			{ since: "24.2", renderers: ["sysconfig"] },
		]);
	});

	it("are absent where everything that was judged has the effect", () => {
		const [effect] = effectsOf("cloud-init@24.1:network-manager", "bond-mode-unread", bonded());
		expect(effect?.outcome).toBe("lost");
		expect(effect).not.toHaveProperty("scopes");
	});
});

describe("show", () => {
	it("bounds and escapes values of the document", () => {
		expect(show(`a\u001b[2J\u009b\u202e${"b".repeat(100)}`)).toBe(`"a\\u001b[2J\\u009b\\u202e${"b".repeat(53)}…"`);
		expect(show("\ud800")).toBe('"\\ud800"');
		expect([show(null), show(4.5), show([[]]), show({ a: 1 })]).toEqual(["null", "4.5", "a list", "an object"]);
		expect(isObject([])).toBe(false);
	});
});
