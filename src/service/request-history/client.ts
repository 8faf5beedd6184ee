/**
 * Which program in the guest asks. Its user agent says so, if it reaches Guestwire: Neutron's agents replace it by their
 * own. Otherwise the paths do: each program requests its own set.
 */
import { rememberedByText } from "../../remembered-by-text.ts";
import { USER_AGENTS } from "./user-agents.ts";

/** What is known about a guest's program: what it has requested so far, and the best name found. */
export interface ClientEvidence {
	/** A set of `Trait`s. */
	readonly traits: number;
	/** `name` or `name@version`. */
	readonly client: string | undefined;
	/** One of `Certainty`. */
	readonly certainty: number;
}

/** How well a client is known. Less certain evidence does not replace it. The numbers are stored. */
const Certainty = {
	/** By an earlier boot: the guest may have been rebuilt since. Only the database has it: see `IS_NEW_BOOT` there. */
	earlierBoot: -1,
	/** Unknown, or a tool that a person tries in the guest. */
	none: 0,
	/** By the paths that it requests. */
	paths: 1,
	/** By its user agent. */
	userAgent: 2,
} as const;

export const NO_EVIDENCE: ClientEvidence = { traits: 0, client: undefined, certainty: Certainty.none };

/** What only some programs request. */
const Trait = {
	rocky: 1,
	latestMetaData: 2,
	latestUserData: 4,
	latestNetworkData: 8,
	vendorData2: 16,
	havana: 32,
	password: 64,
	token: 128,
	ec2: 256,
	ec2Latest: 512,
} as const;

/** Paths as requested by the programs in `docs/clients.md`. */
const TRAITS: readonly (readonly [pattern: RegExp, trait: number])[] = [
	[/^openstack\/2018-08-27\/meta_data\.json$/, Trait.rocky],
	[/^openstack\/latest\/meta_data\.json$/, Trait.latestMetaData],
	[/^openstack\/latest\/user_data$/, Trait.latestUserData],
	[/^openstack\/latest\/network_data\.json$/, Trait.latestNetworkData],
	[/^openstack\/[^/]+\/vendor_data2\.json$/, Trait.vendorData2],
	[/^openstack\/2013-04-04\/(meta_data\.json|password)$/, Trait.havana],
	[/\/password$/, Trait.password],
	[/^latest\/api\/token$/, Trait.token],
	[/^2009-04-04(\/|$)/, Trait.ec2],
	[/^latest\/(meta-data|user-data)/, Trait.ec2Latest],
];

/** The first whose traits are all there, and of whose other traits none is. */
const PATTERNS: readonly { readonly client: string; readonly all: number; readonly none: number }[] = [
	// cloud-init asks for the documents of Rocky since 18.4, then reads the whole EC2 tree.
	{ client: "cloud-init", all: Trait.rocky, none: Trait.havana | Trait.token },
	{ client: "cloudbase-init", all: Trait.latestMetaData | Trait.havana, none: Trait.rocky },
	{ client: "coreos-cloudinit", all: Trait.token | Trait.ec2, none: Trait.rocky },
	{
		client: "talos",
		all: Trait.latestMetaData | Trait.latestNetworkData | Trait.latestUserData,
		none: Trait.rocky | Trait.havana | Trait.vendorData2 | Trait.ec2,
	},
	{
		client: "ignition",
		all: Trait.latestUserData,
		none: ~Trait.latestUserData,
	},
];

/** Adds a request to what is known about a guest's program. */
export function addEvidence(known: ClientEvidence, path: string | undefined, userAgent: string): ClientEvidence {
	const named = clientOfUserAgent(userAgent);
	// Somebody who tries curl in a guest does not change what configures it.
	if (named !== undefined && isTool(named)) {
		return known.certainty === Certainty.none ? { ...known, client: named } : known;
	}
	const traits = known.traits | traitsOf(path ?? "");
	if (named !== undefined) return { traits, client: named, certainty: Certainty.userAgent };
	return { traits, ...bestClient({ ...known, traits }) };
}

/** The client by everything that is known of a boot: each process has seen only some of the requests. */
export function bestClient({ traits, client, certainty }: ClientEvidence): Omit<ClientEvidence, "traits"> {
	if (certainty === Certainty.userAgent) return { client, certainty };
	const byPaths = PATTERNS.find(({ all, none }) => (traits & all) === all && (traits & none) === 0)?.client;
	return byPaths === undefined ? { client, certainty } : { client: byPaths, certainty: Certainty.paths };
}

/** `name@version`, or `name` if the user agent has no version; undefined if it names no known program. */
export function clientOfUserAgent(userAgent: string): string | undefined {
	return namedClient(userAgent) || undefined;
}

/** Empty if there is none. */
const namedClient = rememberedByText((userAgent) => {
	for (const [pattern, name] of USER_AGENTS) {
		const match = pattern.exec(userAgent);
		if (match !== null) return match[1] === undefined ? name : `${name}@${match[1]}`;
	}
	return "";
});

function isTool(client: string): boolean {
	return /^(curl|wget)(@|$)/.test(client);
}

const traitsOf = rememberedByText((path): number => {
	let traits = 0;
	for (const [pattern, trait] of TRAITS) if (pattern.test(path)) traits |= trait;
	return traits;
});
