/** The MTU of a link: its form, and what the kernel takes. */
import { allBut, CLIENTS } from "../clients.ts";
import type { LinkView } from "../document-view.ts";
import { afterburnGivesUp, netplanRefuses } from "../effects.ts";
import { member, show } from "../json.ts";
import { crash, lost, type Rule, wrong } from "../rule.ts";

/** IPv4's smallest (RFC 791): Linux refuses less on an Ethernet NIC. */
const SMALLEST = 68;
/** IPv6's smallest (RFC 8200): below it Linux takes IPv6 off the NIC. */
const SMALLEST_IPV6 = 1280;
const LARGEST = 65535;

export const mtuRules: readonly Rule[] = [
	{
		id: "mtu-text",
		title: "An MTU as text",
		fix: "write it as a number",
		effects: { talos: wrong("leaves it out: the NIC keeps its default"), afterburn: afterburnGivesUp },
		*find({ links }) {
			for (const { place, mtu } of links.flatMap(toldMtu)) {
				if (isDigits(mtu)) yield { pointer: place, message: `the MTU is the text ${show(mtu)}` };
			}
		},
	},
	{
		id: "mtu-invalid",
		title: "An MTU that is no number of bytes up to 65535",
		fix: "write a number from 68 to 65535, or leave the MTU out",
		effects: {
			"cloud-init": netplanRefuses,
			"cloudbase-init": crash("netsh refuses it: no address is set"),
			talos: wrong("leaves it out, or fails to set it"),
			afterburn: afterburnGivesUp,
		},
		*find({ links }) {
			for (const { place, mtu } of links.flatMap(toldMtu)) {
				const number = isDigits(mtu) ? Number(mtu) : mtu;
				if (isWhole(number) && number <= LARGEST) continue;
				// An empty text netplan takes, and what is merely too large: the kernel refuses that and keeps the old one.
				const only = mtu === "" || isWhole(number) ? allBut("cloud-init") : allBut();
				yield { pointer: place, message: `the MTU is ${show(mtu)}`, only };
			}
		},
	},
	{
		id: "mtu-tiny",
		title: "An MTU of less than 68 bytes, or 0 for unknown",
		fix: "leave out an MTU that is not known, or write null",
		effects: {
			"cloud-init": wrong("hands it to the system, which refuses it (cloud-init issue 6239)"),
			"cloudbase-init": crash("netsh refuses it: no address is set"),
			talos: wrong("fails to set it"),
		},
		*find({ links }) {
			for (const { place, mtu } of links.flatMap(toldMtu)) {
				if (!isWhole(mtu) || mtu >= SMALLEST) continue;
				// Both take 0 for not told.
				const only = mtu === 0 ? allBut("cloudbase-init", "talos") : allBut();
				yield { pointer: place, message: `the MTU is ${mtu}`, only };
			}
		},
	},
	{
		id: "mtu-below-ipv6",
		title: "An MTU of less than 1280 bytes on a link with IPv6",
		fix: "raise the MTU to 1280 or more, or leave IPv6 out",
		effects: {
			"cloud-init": lost("the kernel takes IPv6 off the link"),
			"cloudbase-init": lost("Windows refuses IPv6 on the link"),
			talos: lost("the kernel takes IPv6 off the link"),
		},
		*find({ links }) {
			for (const { place, mtu, link } of links.flatMap(toldMtu)) {
				if (!isWhole(mtu) || mtu < SMALLEST || mtu >= SMALLEST_IPV6) continue;
				const ipv6 = link.networks.filter((network) => network.version === 6);
				if (ipv6.length === 0) continue;
				const only = new Set(CLIENTS.filter((client) => ipv6.some(({ readBy }) => readBy.has(client))));
				yield { pointer: place, message: `the MTU is ${mtu}, and the link has IPv6`, only };
			}
		},
	},
	{
		id: "mtu-above-parent",
		title: "A VLAN with a larger MTU than the link it stands on",
		fix: "raise the lower link's MTU, or lower the VLAN's",
		effects: {
			"cloud-init": wrong("the kernel refuses it: the VLAN keeps the lower link's MTU"),
			talos: wrong("the kernel refuses it: the VLAN keeps the lower link's MTU"),
		},
		*find({ links, linkById }) {
			for (const { place, mtu, link } of links.flatMap(toldMtu)) {
				const parent = link.kind === "vlan" ? linkById(member(link.raw, "vlan_link")) : undefined;
				const lower = parent && member(parent.raw, "mtu");
				if (!isWhole(mtu) || !isWhole(lower) || mtu <= lower || lower < SMALLEST) continue;
				yield { pointer: place, message: `the VLAN's MTU is ${mtu}, that of ${parent?.pointer} is ${lower}` };
			}
		},
	},
];

/** The link's MTU where it tells one: null means that it is not known. */
function toldMtu(link: LinkView): { place: string; mtu: unknown; link: LinkView }[] {
	const mtu = member(link.raw, "mtu");
	return mtu === undefined || mtu === null ? [] : [{ place: `${link.pointer}/mtu`, mtu, link }];
}

function isDigits(value: unknown): boolean {
	return typeof value === "string" && /^\d{1,9}$/.test(value);
}

function isWhole(value: unknown): value is number {
	return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
