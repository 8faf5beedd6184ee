/** Which instance a refused request nearly was, and what did not match. */
import ipaddr from "ipaddr.js";
import { canonicalAddress, eui64Mac } from "../../instance/addresses.ts";
import type { RequestSource } from "../request-history/answered-request.ts";
import type { IndexedInstance, IndexedPort } from "./indexed-instance.ts";

export interface NearMiss {
	readonly instance: string;
	readonly name: string;
	/** The port that almost matched. */
	readonly port?: string;
	/** One sentence: what matches and what does not. */
	readonly why: string;
}

/** At most this many candidates are named. */
const MAX_CANDIDATES = 5;
/** Addresses on the same network that differ by at most this are named. */
const MAX_DISTANCE = 4;

/** @param source what the request said about itself */
export function nearMisses(source: RequestSource, instances: Iterable<IndexedInstance>): NearMiss[] {
	const wanted = wantedOf(source);
	if (Object.values(wanted).every((value) => value === undefined)) return [];
	const found: { readonly rank: number; readonly miss: NearMiss }[] = [];
	for (const instance of instances) {
		const best = candidate(instance, wanted, source);
		if (best !== undefined) found.push(best);
	}
	found.sort((a, b) => a.rank - b.rank || (a.miss.instance < b.miss.instance ? -1 : 1));
	return found.slice(0, MAX_CANDIDATES).map(({ miss }) => miss);
}

interface Wanted {
	readonly instance: string | undefined;
	readonly address: string | undefined;
	readonly macAddress: string | undefined;
}

function wantedOf({ instance, address, peer }: RequestSource): Wanted {
	// A proxy's own address says nothing about the guest.
	const own = address ?? (instance === undefined ? peer : undefined);
	const canonical = own === undefined ? undefined : canonicalAddress(own.trim().split("%", 1)[0] ?? "");
	const macAddress = canonical === undefined ? undefined : eui64Mac(canonical);
	return { instance: instance?.toLowerCase(), address: macAddress === undefined ? canonical : undefined, macAddress };
}

function candidate(instance: IndexedInstance, wanted: Wanted, source: RequestSource) {
	const { id, name, ports, projectId } = instance;
	const miss = (rank: number, why: string, port?: IndexedPort) => ({
		rank,
		miss: { instance: id, name, ...(port && { port: port.id }), why },
	});
	if (wanted.instance !== undefined && wanted.instance === id) {
		const { projectId: claimed } = source;
		if (claimed !== undefined && projectId !== undefined && claimed !== projectId) {
			return miss(0, `the id matches; the instance belongs to project ${projectId}, and the request names ${claimed}`);
		}
		return miss(1, "the id matches");
	}
	for (const port of ports) {
		const where = `network ${port.networkName || port.networkId}`;
		const isOn = source.networkId === undefined || source.networkId === port.networkId;
		const elsewhere = `the port is on ${where}, and the request came from network ${source.networkId}`;
		if (wanted.address !== undefined && port.addresses.includes(wanted.address)) {
			return miss(isOn ? 1 : 2, isOn ? `the address matches on ${where}` : `the address matches; ${elsewhere}`, port);
		}
		if (wanted.macAddress !== undefined && port.macAddress === wanted.macAddress) {
			return miss(
				isOn ? 1 : 2,
				isOn ? `the MAC address matches on ${where}` : `the MAC address matches; ${elsewhere}`,
				port,
			);
		}
	}
	if (wanted.address === undefined) return undefined;
	for (const port of ports) {
		const near = source.networkId === undefined || source.networkId === port.networkId;
		const address = near
			? port.addresses.find((one) => distance(one, wanted.address ?? "") <= MAX_DISTANCE)
			: undefined;
		if (address === undefined) continue;
		const rank = 3 + distance(address, wanted.address);
		return miss(
			rank,
			`its port has ${address} on ${port.networkName || port.networkId}, and the request came from ${wanted.address}`,
			port,
		);
	}
	return undefined;
}

/** How far two addresses of a family are apart; infinite if they differ before the last two bytes. */
function distance(a: string, b: string): number {
	// Every other address of the cloud differs here, which is found without parsing it.
	if (prefixOf(a) !== prefixOf(b)) return Number.POSITIVE_INFINITY;
	if (!ipaddr.isValid(a) || !ipaddr.isValid(b)) return Number.POSITIVE_INFINITY;
	const [one, other] = [ipaddr.parse(a).toByteArray(), ipaddr.parse(b).toByteArray()];
	const last = one.length - 2;
	if (one.length !== other.length || one.slice(0, last).some((byte, at) => byte !== other[at])) {
		return Number.POSITIVE_INFINITY;
	}
	const low = (bytes: readonly number[]) => (bytes[last] ?? 0) * 256 + (bytes[last + 1] ?? 0);
	return Math.abs(low(one) - low(other));
}

/** Text that two canonical addresses have in common if only their last bytes differ. */
function prefixOf(address: string): string {
	if (address.includes(":")) return address.slice(0, address.lastIndexOf(":"));
	return address.slice(0, address.indexOf(".", address.indexOf(".") + 1));
}
