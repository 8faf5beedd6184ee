/** Who asks in the soak test, and for what. */
import { createHmac } from "node:crypto";
import { defaultSettings } from "../../src/documents/settings.ts";
import type { Instance } from "../../src/instance/instance.ts";
import { createGuestDocuments } from "../../src/service/guest-documents.ts";
import { openFilesSource } from "../../src/source/files/files-source.ts";
import { recordedInstances } from "../metadata-service.ts";
import type { Target } from "./attacks.ts";
import { comparable, type GuestRequest } from "./guests.ts";

/** Texts that must be found nowhere. */
export const PLANTED = {
	sharedSecret: "planted-shared-secret-7d1f",
	userData: "planted-user-data-93ab",
	password: "planted-pass-42",
	busPassword: "planted-bus-password-e05c",
} as const;

export const ADDRESSES = {
	service: "127.0.0.1",
	guest: (n: number) => `127.0.1.${n + 1}`,
	hostile: "127.0.2.9",
} as const;
/** The one whose limits the attackers use up: each guest has its own. */
const [HOSTILE, ...HONEST] = recordedInstances;
const FILE_GUESTS = 20;
const NETWORK_DATA = "/openstack/latest/network_data.json";
const USER_DATA = "/openstack/latest/user_data";
const DOCUMENTS = [NETWORK_DATA, "/openstack/latest/meta_data.json"];

/** Where each listener is. */
export interface Where {
	readonly signed: string;
	readonly socket: string;
	readonly address: string;
}

/** An inventory of guests on loopback, in one file, a document for each. */
export function guestInventory(): string {
	const userData = Buffer.from(`#cloud-config\n# ${PLANTED.userData}\n`).toString("base64");
	const network = [
		"networks: [{ id: lo }]",
		"subnets: [{ id: lo-4, network_id: lo, cidr: 127.0.0.0/8, gateway_ip: null, enable_dhcp: false }]",
	];
	const guests = Array.from({ length: FILE_GUESTS }, (_, n) => [
		`servers: [{ id: guest-${n}, OS-EXT-SRV-ATTR:user_data: ${userData} }]`,
		`ports: [{ id: port-${n}, device_id: guest-${n}, fixed_ips: [{ ip_address: ${ADDRESSES.guest(n)} }] }]`,
	]);
	return [network, ...guests].map((lines) => `---\n${lines.join("\n")}\n`).join("");
}

const signature = (id: string) => createHmac("sha256", PLANTED.sharedSecret).update(id).digest("hex");
const signedHeaders = ({ id, projectId = "" }: Pick<Instance, "id" | "projectId">): [string, string][] => [
	["X-Instance-ID", id],
	["X-Tenant-ID", projectId],
	["X-Instance-ID-Signature", signature(id)],
];

/** The guests' own secrets, which their proxies send. */
export const SIGNATURES = HONEST.map(({ id }) => signature(id));

/** The text, and what it is like inside of longer text in base64. */
export function encodingsOf(text: string): string[] {
	const inBase64 = [0, 1, 2].map((before) => {
		const encoded = Buffer.from(" ".repeat(before) + text).toString("base64");
		// The first and the last characters depend on what is around it.
		return encoded.slice(before === 0 ? 0 : before + 1, Math.floor(((before + text.length) * 8) / 6));
	});
	return [text, ...inBase64];
}

const documents = createGuestDocuments(defaultSettings(new Uint8Array(32)));

/** What a guest must get, straight from its facts: without a cloud, a mirror, a cache or a listener. */
function expected(instance: Instance, path: string): string {
	const answer = documents.tree(instance).answer(path.slice(1));
	return comparable(Buffer.from(answer?.body ?? "").toString("latin1"));
}

/**
 * Each known guest's requests, over each listener.
 *
 * @param inventory the path of `guestInventory`
 */
export async function honestRequests({ signed, socket, address }: Where, inventory: string): Promise<GuestRequest[]> {
	const bySignature = HONEST.flatMap((instance) =>
		DOCUMENTS.filter((path) => path !== NETWORK_DATA || instance.ports.length > 0).map(
			(path): GuestRequest => ({
				url: signed + path,
				headers: signedHeaders(instance),
				expected: expected(instance, path),
			}),
		),
	);
	const byNetwork = HONEST.flatMap((instance) =>
		instance.ports.flatMap(({ network, fixedIps: [fixedIp] }): GuestRequest[] => {
			if (fixedIp?.address === undefined) return [];
			const headers: [string, string][] = [
				["X-OVN-Network-ID", network.id],
				["X-Forwarded-For", fixedIp.address],
			];
			const request = (path: string): GuestRequest => ({
				...{ url: `http://localhost${path}`, socketPath: socket, headers, expected: expected(instance, path) },
				...(path === USER_DATA && { mayBeRefused: true }),
			});
			return [...DOCUMENTS, ...(instance.server?.userData ? [USER_DATA] : [])].map(request);
		}),
	);
	const source = await openFilesSource(inventory);
	const byAddress: GuestRequest[] = [];
	for (let n = 0; n < FILE_GUESTS; n++) {
		const instance = await source.instance(`guest-${n}`, "all");
		if (instance === undefined) throw new Error(`the inventory has no guest ${n}`);
		const common = { localAddress: ADDRESSES.guest(n), headers: [] };
		for (const path of [...DOCUMENTS, USER_DATA])
			byAddress.push({ ...common, url: address + path, expected: expected(instance, path) });
	}
	return [...bySignature, ...byNetwork, ...byAddress];
}

const linesOf = (headers: readonly (readonly [string, string])[]) =>
	headers.map((header) => `${header.join(": ")}\r\n`).join("");

/** A guest that is hostile, and whom each listener knows. */
export function hostileTargets({ signed, socket, address }: Where): (Omit<Target, "madeUp"> & { madeUp: string })[] {
	const { hostname, port } = new URL(signed);
	const [nic] = HOSTILE?.ports ?? [];
	if (HOSTILE === undefined || nic === undefined) throw new Error("no instance is recorded");
	const onNetwork = (of: string) =>
		linesOf([
			["X-OVN-Network-ID", nic.network.id],
			["X-Forwarded-For", of],
		]);
	const unsigned = linesOf([
		["X-Instance-ID", "00000000-0000-4000-8000-00000000000#"],
		["X-Tenant-ID", "#"],
		["X-Instance-ID-Signature", "#"],
	]);
	return [
		{ connect: { host: hostname, port: Number(port) }, identity: linesOf(signedHeaders(HOSTILE)), madeUp: unsigned },
		{ connect: { path: socket }, identity: onNetwork(nic.fixedIps[0]?.address ?? ""), madeUp: onNetwork("10.99.#.#") },
		{
			connect: { host: ADDRESSES.service, port: Number(new URL(address).port), localAddress: ADDRESSES.hostile },
			identity: "",
			madeUp: "",
		},
	];
}
