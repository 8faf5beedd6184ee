/** The SSH keys of a server. Nova's servers have one; an inventory can give them several. */
import type { ServerFacts } from "./facts.ts";
import { idAllocator } from "./id-allocator.ts";
import type { Keypair } from "./instance.ts";

/** A line of `authorized_keys` (sshd(8)): options, a key type, the key in base64, a comment. */
const SSH_KEY = /^(\S.*\s)?[a-z0-9@.-]+\s+[A-Za-z0-9+/]+={0,3}(\s.*)?$/s;

/** The names of a server's key pairs. */
export function keyNamesOf({ key_name: names }: Pick<ServerFacts, "key_name">): readonly string[] {
	return [names ?? []].flat().filter((name) => name !== "");
}

/**
 * One entry for each SSH key. Clients expect one key in an entry: of several lines, all but the first are lost
 * (apache/cloudstack pull request 14164). Further keys of a key pair `team` are named `team-2`, `team-3` …
 */
export function splitKeypairs(keypairs: readonly Keypair[]): Keypair[] {
	const newName = idAllocator(keypairs.map(({ name }) => name));
	return keypairs.flatMap((keypair) => {
		const { name, type, publicKey: text } = keypair;
		const lines = sshKeysIn(text);
		if (type !== "ssh" || lines.length < 2 || findInvalidSshKey(text) !== undefined) return [keypair];
		return lines.map((publicKey, index) => ({ name: index === 0 ? name : newName(name), type, publicKey }));
	});
}

/** The first line that is not an SSH key, where there are several lines. */
export function findInvalidSshKey(text: string): string | undefined {
	const lines = sshKeysIn(text);
	return lines.length < 2 ? undefined : lines.find((line) => !SSH_KEY.test(line));
}

/** The lines that sshd reads: neither empty nor a comment. */
function sshKeysIn(text: string): string[] {
	return text
		.split(/\r\n|\r|\n/)
		.map((line) => line.trim())
		.filter((line) => line !== "" && !line.startsWith("#"));
}
