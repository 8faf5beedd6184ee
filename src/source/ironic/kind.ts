import { GuestwireError } from "../../errors.ts";
import { attachedPort } from "../../instance/port-group.ts";
import { describeInventory } from "../files/kind.ts";
import { createNeutron } from "../neutron/neutron.ts";
import { checkPart, type SourceKind } from "../source-kind.ts";
import { type IronicAccess, openIronicAccess } from "./access.ts";
import { openIronicSource } from "./index.ts";
import { listNodes } from "./nodes.ts";

/** The nodes of an Ironic. */
export const ironicKind: SourceKind<{ readonly cloud?: string; readonly inventory?: string }> = {
	async open(config, { env, freshness, changes, onReload, onWarning }) {
		const sharing = Math.min(2, freshness / 2);
		const source = await openIronicSource({ ...config, env, sharing, changes, onReload, onWarning });
		return { source, maxAge: freshness - sharing, sourceAge: sharing };
	},
	async check({ cloud, inventory: path }, { env }) {
		const access = await openIronicAccess({ cloud, env });
		const checkNodes = async () => {
			const { records, unreadable } = await listNodes(access.ironic);
			const odd = unreadable.map(({ uuid, error }) => `; node ${uuid} can't be read: ${error.message}`).join("");
			return `${records.length} nodes${odd}`;
		};
		try {
			return [
				await checkPart("Ironic", async () => `microversion ${await access.microversion()}`),
				await checkPart("Ironic's nodes", checkNodes),
				await checkPart("Neutron", () => checkNeutron(access)),
				...(path === undefined ? [] : [await checkPart("inventory", () => describeInventory(path))]),
			];
		} finally {
			await access.close();
		}
	},
};

/** Neutron answers users without the right to read ports as if there were none. */
async function checkNeutron({ ironic, network }: IronicAccess): Promise<string> {
	const api = await network();
	if (api === undefined) return "not configured: attached VIFs are ignored";
	const { records } = await listNodes(ironic);
	const holders = records.flatMap(({ ports, portGroups }) => [...ports, ...portGroups]);
	const vifs = holders.flatMap((holder) => attachedPort(holder) ?? []);
	const found = await Promise.all(vifs.map(createNeutron(api, 0).portWithTrunk));
	const missing = vifs.filter((_, at) => found[at]?.length === 0);
	if (missing.length === 0) return `shows the ports of all ${vifs.length} attached VIFs`;
	throw new GuestwireError(
		"cloud-answer",
		`shows the ports of ${vifs.length - missing.length} of ${vifs.length} attached VIFs, but not ${missing[0]}: let the user read all ports (docs/bare-metal.md), or detach VIFs whose port was deleted`,
	);
}
