/** The owners of ports, as the mirror knows them. */
import { ownerOf } from "../source/ownership.ts";
import type { Change, Owner, PortQuery } from "../source/source.ts";
import { findPorts, type PortMatch } from "./find-ports.ts";
import type { MirrorStore } from "./mirror-store.ts";

/** See `Source.owners`. */
export async function ownersIn(store: Pick<MirrorStore, "read">, query: PortQuery): Promise<readonly Owner[]> {
	const matches = await findPorts(store, query);
	return matches.flatMap((match) => {
		const owner = ownerOf(match.port, match.nic);
		return owner === undefined ? [] : [{ ...owner, basis: basisOf(match) }];
	});
}

function basisOf({ port, nic, trunkId }: PortMatch): Change[] {
	const ports: Change = { kind: "port", ids: [...new Set([port.id, nic.id])] };
	return trunkId === undefined ? [ports] : [ports, { kind: "trunk", ids: [trunkId] }];
}
