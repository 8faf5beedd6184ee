/** A token of Keystone for calls to services that are not in the catalogue, such as vendor data targets. */
import { type CloudChoice, findCloud } from "./clouds-yaml.ts";
import { createSession } from "./keystone.ts";
import { createRest } from "./rest.ts";

export interface ServiceToken {
	/** A token that has not expired. @throws GuestwireError `cloud-unavailable`, `cloud-answer` */
	get(): Promise<string>;
	/** Discards a token that was answered with 401. */
	refuse(token: string): void;
	close(): Promise<void>;
}

/**
 * Reads the cloud's entry and credentials. Keystone is called when a token is first needed.
 *
 * @throws GuestwireError `config`
 */
export async function openServiceToken({ cloud, env }: CloudChoice): Promise<ServiceToken> {
	const found = await findCloud(cloud, env);
	const rest = await createRest(found.entry);
	const session = createSession(found, rest, () => performance.now());
	return {
		get: async () => (await session.token()).id,
		refuse: (token) => session.refuse(token),
		close: () => rest.close(),
	};
}
