/** A file of an initramfs. Folders on its way are made. */
export interface ArchiveFile {
	readonly bytes: Uint8Array;
	/** Permission bits; 0755 by default. */
	readonly mode?: number;
	/** Seconds since 1970; 0 by default. */
	readonly modified?: number;
}

const FOLDER = 0o040_755;
const REGULAR = 0o100_000;
const NOTHING: ArchiveFile = { bytes: new Uint8Array() };

/**
 * An initramfs: a cpio archive in the "newc" form that Linux unpacks at its start.
 * https://docs.kernel.org/driver-api/early-userspace/buffer-format.html
 *
 * @param files path without leading slash → file
 */
export function initramfs(files: ReadonlyMap<string, ArchiveFile>): Buffer {
	const folders = new Set<string>();
	for (const path of files.keys()) {
		const parts = path.split("/").slice(0, -1);
		for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join("/"));
	}
	let inode = 1;
	return Buffer.concat([
		...[...folders].sort().flatMap((path) => record(inode++, path, FOLDER, NOTHING)),
		...[...files].flatMap(([path, file]) => record(inode++, path, REGULAR | (file.mode ?? 0o755), file)),
		...record(0, "TRAILER!!!", 0, NOTHING),
	]);
}

function record(inode: number, path: string, mode: number, { bytes, modified = 0 }: ArchiveFile): Uint8Array[] {
	const name = Buffer.from(`${path}\0`);
	const fields = [inode, mode, 0, 0, 1, modified, bytes.length, 0, 0, 0, 0, name.length, 0];
	const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
	return [header, name, padding(header.length + name.length), bytes, padding(bytes.length)];
}

const padding = (length: number) => new Uint8Array(-length & 3);
