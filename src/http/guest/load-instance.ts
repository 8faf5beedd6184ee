/** The instance that a request was identified as, checked against everything that identified it. */
import { LRUCache } from "lru-cache";
import type { Detail, Instance } from "../../instance/instance.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import { violatedConstraint } from "../../source/ownership.ts";
import { andThen } from "./and-then.ts";
import type { Identified } from "./identity/requester.ts";
import type { ErrorResponse } from "./response.ts";

type Cache = Pick<InstanceCache, "get" | "revalidate">;

/** The instance, or the reason why the request may not have it. Rejects with the cache's errors. */
export type LoadInstance = (
	identified: Identified,
	wanted: Detail,
) => Instance | ErrorResponse | Promise<Instance | ErrorResponse>;

/** Disproved claims that are remembered, some 200 bytes each. */
const MOST_CLAIMS = 20_000;
/**
 * How long a claim is not checked again after the cloud has disproved it, in milliseconds: neither a server nor a port ever
 * passes to another project, but a port of Ironic's, which proves no project, may be new.
 */
const OTHER_PROJECT = 60_000;
const NO_SUCH_PORT = 5000;

/**
 * What identified the instance may be newer than the cached facts: before a request is refused because of them, the cloud
 * is asked again. But a tenant can claim any number of instances, each as often as it likes: what the cloud has disproved
 * is remembered.
 */
export function createInstanceLoader(cache: Cache): LoadInstance {
	const disproved = new LRUCache<string, true>({ max: MOST_CLAIMS });
	return (identified, wanted) => {
		const detail = detailFor(identified, wanted);
		return andThen(find(cache.get, identified.id, detail), (cached) => {
			if (cached === undefined) return unknown(identified);
			const refused = refusal(cached, identified);
			if (refused === undefined) return cached;
			const claim = claimOf(identified, refused);
			if (claim !== undefined && disproved.has(claim.key)) return refused;
			return andThen(find(cache.revalidate, identified.id, detail), (current) => {
				if (current === undefined) return unknown(identified);
				const certain = refusal(current, identified);
				if (certain === undefined) return current;
				const wrong = claimOf(identified, certain);
				if (wrong !== undefined) disproved.set(wrong.key, true, { ttl: wrong.ttl });
				return certain;
			});
		});
	};
}

/** What somebody else can claim of an instance. A port of the instance's own project is not remembered: it may be new. */
function claimOf({ id, constraints }: Identified, { reason }: ErrorResponse): Claim | undefined {
	const projects = constraints.flatMap(({ projectId }) => projectId ?? []);
	if (reason === "wrong-project") return { key: JSON.stringify([id, projects]), ttl: OTHER_PROJECT };
	return projects.length > 0 ? undefined : { key: JSON.stringify([id, constraints]), ttl: NO_SUCH_PORT };
}

interface Claim {
	readonly key: string;
	/** Milliseconds. */
	readonly ttl: number;
}

/** Whose an address is can only be seen in the ports. */
function detailFor({ constraints }: Identified, wanted: Detail): Detail {
	return wanted === "server" && constraints.some(({ port }) => port !== undefined) ? "all" : wanted;
}

/** Asks for all facts if the wiring alone does not show the owner, because the ports disagree. */
function find(get: InstanceCache["get"], id: string, detail: Detail): ReturnType<InstanceCache["get"]> {
	return andThen(get(id, detail), (found) =>
		found !== undefined && found.projectId === undefined && detail === "wiring" ? get(id, "all") : found,
	);
}

/** The response if the instance does not satisfy what identified it. */
function refusal(instance: Instance, { constraints }: Identified): ErrorResponse | undefined {
	switch (violatedConstraint(instance, constraints)) {
		case "projectId":
			return { reason: "wrong-project", detail: `${instance.id} does not belong to the named project` };
		case "port":
			return { reason: "wrong-source", detail: `${instance.id} has no port where the request came from` };
		case undefined:
			return undefined;
	}
}

function unknown({ id }: Identified): ErrorResponse {
	return { reason: "unknown-instance", instance: id };
}
