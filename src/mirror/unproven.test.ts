import { expect, test } from "vitest";
import type { ResourceKind } from "../source/resource.ts";
import type { Owner } from "../source/source.ts";
import { createUnproven } from "./unproven.ts";

test("while trunks are not proven, owners count only if all rest on their port alone, and an empty list does not", () => {
	const kinds = new Set<ResourceKind>();
	const { ownersLater } = createUnproven([{ neededFor: ["trunk"] }], () => kinds);
	const owner = (...basis: Owner["basis"] & object): Owner => ({ id: "vm", networkId: "lan", basis });
	const direct = owner({ kind: "port", ids: ["p"] });
	const behind = owner({ kind: "port", ids: ["s", "p"] }, { kind: "trunk", ids: ["t"] });
	const count = () => [[direct], [behind], [direct, behind], []].map((found) => ownersLater()(found));
	expect(count()).toEqual([true, true, true, true]);
	kinds.add("trunk");
	expect(count()).toEqual([true, false, false, false]);
});
