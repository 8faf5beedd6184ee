/** The bulk reading of a cloud's resources, for a mirror. */
import { GuestwireError } from "../../errors.ts";
import type { ResourceReader } from "../remote-source.ts";
import type { ResourceKind } from "../resource.ts";
import { withAbort } from "../with-abort.ts";
import { type ComputeKind, createComputeResources } from "./compute-resources.ts";
import { isNetworkKind, NETWORK_KINDS, type NetworkResources } from "./network-resources.ts";
import type { Nova } from "./nova.ts";
import { throwIfDown } from "./resources.ts";

export interface ReaderParts {
	readonly network: NetworkResources;
	readonly nova: Nova;
	/** Of Ironic's kinds, where the cloud has an Ironic. */
	readonly hardware: ResourceReader;
	/** Given for profile `nova`. */
	readonly newestMicroversion?: (() => Promise<string>) | undefined;
}

export function createResourceReader({ network, nova, hardware, newestMicroversion }: ReaderParts): ResourceReader {
	const ofCompute = createComputeResources(nova);
	const probeNetwork = () => network.revisionPage("network", { limit: 1 });
	return {
		// Neutron's listings take seconds, Nova's minutes.
		kinds: [...NETWORK_KINDS, ...hardware.kinds, "server"],
		page(kind, options, signal) {
			if (hardware.kinds.includes(kind)) return hardware.page(kind, options, signal);
			if (isNetworkKind(kind)) return withAbort(network.page(kind, options), signal);
			if (kind === "server") return withAbort(ofCompute.page(options), signal);
			throw unsupported(kind);
		},
		revisionPage(kind, options, signal) {
			if (hardware.kinds.includes(kind)) return hardware.revisionPage(kind, options, signal);
			if (isNetworkKind(kind)) return withAbort(network.revisionPage(kind, options), signal);
			if (kind === "server") return withAbort(ofCompute.revisionPage(options), signal);
			throw unsupported(kind);
		},
		byId(kind, ids, signal) {
			if (hardware.kinds.includes(kind)) return hardware.byId(kind, ids, signal);
			if (isNetworkKind(kind)) return withAbort(ofThese(network.byId(kind, ids), probeNetwork), signal);
			if (isComputeKind(kind)) return withAbort(ofCompute.byId(kind, ids), signal);
			throw unsupported(kind);
		},
		referringTo: (reference, ids, signal) =>
			withAbort(ofThese(network.referringTo(reference, ids), probeNetwork), signal),
		...(newestMicroversion && { novaMicroversion: (signal) => withAbort(newestMicroversion(), signal) }),
	};
}

/**
 * A call that fails although its API answers something else: the failure is that of the resources that were asked for.
 *
 * @throws GuestwireError `cloud-answer` instead of `cloud-unavailable` then
 */
async function ofThese<T>(call: Promise<T>, probe: () => Promise<unknown>): Promise<T> {
	try {
		return await call;
	} catch (error) {
		if (!(error instanceof GuestwireError) || error.code !== "cloud-unavailable") throw error;
		await throwIfDown(error, probe);
		throw new GuestwireError("cloud-answer", error.message, { cause: error });
	}
}

const isComputeKind = (kind: ResourceKind): kind is ComputeKind => /^(server|server_details|keypair)$/.test(kind);

/** A mistake of the caller, who has the list of kinds. */
const unsupported = (kind: ResourceKind) => new Error(`OpenStack has no listing of ${kind}`);
