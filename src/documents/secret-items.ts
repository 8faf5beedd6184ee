/** Names of metadata items whose values may be secrets, such as `admin_pass`, which cloudbase-init reads. */
const SECRET_ITEM = /pass|secret|token|credential|private.?key/i;

/** Whether the value of a metadata item may be a secret. */
export function isSecretItem(name: string): boolean {
	return SECRET_ITEM.test(name);
}
