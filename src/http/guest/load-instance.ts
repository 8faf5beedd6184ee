/** The instance that a request was identified as, checked against everything that identified it. */
import type { Detail, Instance } from "../../instance/instance.ts";
import type { InstanceCache } from "../../source/instance-cache.ts";
import { violatedConstraint } from "../../source/ownership.ts";

import { andThen } from "./and-then.ts";
import type { Identified } from "./identity/requester.ts";
import type { ErrorResponse } from "./response.ts";

type Cache = Pick<InstanceCache, "get" | "revalidate">;

/**
 * The instance, or the reason why the request may not have it. What identified the instance may be newer than the
 * cached facts: before a request is refused because of them, the cloud is asked again.
 */
export function loadInstance(
	cache: Cache,
	identified: Identified,
	wanted: Detail,
): Instance | ErrorResponse | Promise<Instance | ErrorResponse> {
	const detail = detailFor(identified, wanted);
	return andThen(find(cache.get, identified.id, detail), (cached) => {
		if (cached === undefined) return unknown(identified);
		if (refusal(cached, identified) === undefined) return cached;
		return andThen(find(cache.revalidate, identified.id, detail), (current) =>
			current === undefined ? unknown(identified) : (refusal(current, identified) ?? current),
		);
	});
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
