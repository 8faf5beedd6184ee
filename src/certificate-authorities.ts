/** Who may sign the certificate of a server that Guestwire calls. */
import { readFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";

/**
 * Those of the PEM file alone, or, without one, Node's and the system's: OpenStack's tools know the system's, with
 * `SSL_CERT_FILE`, Node.js only its own list.
 *
 * @throws the error of the file system
 */
export async function certificateAuthorities(file?: string): Promise<string | string[]> {
	if (file !== undefined) return readFile(file, "utf8");
	return [...getCACertificates("default"), ...getCACertificates("system")];
}
