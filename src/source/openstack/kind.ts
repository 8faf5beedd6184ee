import type { SourceKind } from "../source-kind.ts";
import { checkBus } from "./check-bus.ts";
import { checkCloud } from "./checks.ts";
import { openOpenStackSource } from "./index.ts";
import { openServices } from "./services.ts";
import { findBus } from "./signals.ts";

/** An OpenStack cloud. */
export const openStackKind: SourceKind<{ readonly cloud?: string; readonly tagsOfSingleNics?: boolean }> = {
	async open(config, { env, profile, freshness, changes }) {
		// A shared answer was asked for up to this long ago: sharing and maxAge together are the freshness.
		const sharing = Math.min(2, freshness / 2);
		const source = await openOpenStackSource({ ...config, env, profile, sharing, changes });
		return { source, maxAge: freshness - sharing, sourceAge: sharing };
	},
	async check(config, { env, changes, listenSeconds }) {
		const services = await openServices({ ...config, env });
		try {
			const bus = () => findBus(changes?.busFile, env);
			return [...(await checkCloud(services, Date.now)), ...(await checkBus(bus, listenSeconds))];
		} finally {
			await services.close();
		}
	},
};
