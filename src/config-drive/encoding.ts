import { Readable } from "node:stream";
import { createGzip, gunzipSync } from "node:zlib";
import { GuestwireError } from "../errors.ts";
import { type ConfigDrive, type DriveFormat, driveChunks } from "./drive.ts";

/** `raw` for hypervisors, `gzip-base64` for Ironic, which accepts a node's config drive in this form. */
export type DriveEncoding = "raw" | "gzip-base64";

/**
 * The name of an instance's image: its id, escaped as in a URL, with `.iso`, `.img`, `.iso.gz.b64` or `.img.gz.b64`. In an
 * inventory an id may be any text. Two ids never have the same name, and none needs escapes in a quoted string.
 *
 * @throws GuestwireError `drive` if the id is not valid Unicode
 */
export function driveFileName(id: string, format: DriveFormat, encoding: DriveEncoding): string {
	if (!id.isWellFormed()) {
		throw new GuestwireError("drive", "the id can't be a file name, because it is not valid Unicode: change it");
	}
	const extension = `${format === "iso9660" ? ".iso" : ".img"}${encoding === "raw" ? "" : ".gz.b64"}`;
	return encodeURIComponent(id) + extension;
}

/** The most that Ironic's agent accepts, decompressed (its `MAX_CONFIG_DRIVE_SIZE_MB`). */
export const MAX_IRONIC_SIZE = 64 * 2 ** 20;

/** The most that Ironic's API accepts: a whole request (its `[api]max_json_body_size_provision`). */
const MAX_REQUEST = 64 * 2 ** 20;
/** For what a deploy request has beside the drive, such as its deploy steps. */
const REST_OF_REQUEST = 2 ** 16;

/** The operating system in a gzip header (RFC 1952): unknown. zlib would write the one it was built for. */
const OS_OFFSET = 9;
const UNKNOWN_OS = 255;

/** What is encoded. */
type Image = Pick<ConfigDrive, "parts" | "size">;

/** The encoded bytes of an image, in chunks. The gzip header has no time. */
export async function* encodedChunks(image: Image, encoding: DriveEncoding): AsyncGenerator<Uint8Array, void> {
	yield* encoding === "raw" ? driveChunks(image) : base64(gzip(image));
}

/**
 * A finished image in an encoding.
 *
 * @throws GuestwireError `drive`: Ironic's agent would reject the image, because it is too large
 */
export function encodeConfigDrive(image: Uint8Array, encoding: DriveEncoding): AsyncIterable<Uint8Array> {
	if (encoding === "gzip-base64" && image.length > MAX_IRONIC_SIZE) {
		const mib = Math.ceil(image.length / 2 ** 20);
		throw new GuestwireError("drive", `Ironic accepts at most 64 MiB, but the image has ${mib}: use another encoding`);
	}
	return encodedChunks({ size: image.length, parts: [{ offset: 0, bytes: image }] }, encoding);
}

/**
 * The chunks of an encoded drive for the `configdrive` of a deploy request. A drive that Ironic opens by its URL has no
 * such limit.
 *
 * @throws GuestwireError `drive`, after the chunks that fit: Ironic would reject the request, because it is too large
 */
export async function* withinRequest(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
	let bytes = 0;
	for await (const chunk of chunks) {
		bytes += chunk.length;
		if (bytes > MAX_REQUEST - REST_OF_REQUEST) {
			throw new GuestwireError(
				"drive",
				`the encoded image has more than ${MAX_REQUEST - REST_OF_REQUEST} bytes, but Ironic accepts at most 64 MiB for a whole request: give Ironic a URL (--url)`,
			);
		}
		yield chunk;
	}
}

async function* gzip(drive: Image): AsyncGenerator<Buffer, void> {
	let offset = 0;
	for await (const chunk of Readable.from(driveChunks(drive)).compose(createGzip()) as AsyncIterable<Buffer>) {
		const place = OS_OFFSET - offset;
		if (place >= 0 && place < chunk.length) chunk[place] = UNKNOWN_OS;
		offset += chunk.length;
		yield chunk;
	}
}

/** Without line breaks. */
async function* base64(chunks: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array, void> {
	let rest: Uint8Array = new Uint8Array();
	for await (const chunk of chunks) {
		const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
		const whole = bytes.length - (bytes.length % 3);
		if (whole > 0) yield Buffer.from(bytes.toString("base64", 0, whole), "latin1");
		rest = bytes.subarray(whole);
	}
	if (rest.length > 0) yield Buffer.from(Buffer.from(rest).toString("base64"), "latin1");
}

const GZIP_MAGIC = 0x1f8b;
/** The same magic bytes in base64. */
const BASE64_GZIP = "H4sI";

/** The encoding of an image in a file. For an image that is only compressed: `raw`. */
export function encodingOf(file: Uint8Array): DriveEncoding {
	const start = Buffer.from(file.subarray(0, BASE64_GZIP.length)).toString("latin1");
	return start === BASE64_GZIP ? "gzip-base64" : "raw";
}

/**
 * The image in a file: raw, gzip, or base64 of gzip.
 *
 * @param limit of the decompressed image, in bytes
 * @throws GuestwireError `drive`: broken, or larger than the limit
 */
export function decodeConfigDrive(file: Uint8Array, limit = MAX_IRONIC_SIZE): Uint8Array {
	const buffer = Buffer.from(file.buffer, file.byteOffset, file.length);
	const isBase64 = encodingOf(file) === "gzip-base64";
	if (!isBase64 && (buffer.length < 2 || buffer.readUInt16BE(0) !== GZIP_MAGIC)) return file;
	// Base64 and gzip together never double the size of incompressible data.
	if (buffer.length > 2 * limit) throw tooLarge(limit);
	try {
		const packed = isBase64 ? Buffer.from(buffer.toString("latin1"), "base64") : buffer;
		return gunzipSync(packed, { maxOutputLength: limit });
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
		throw new GuestwireError(
			"drive",
			"the image can't be decompressed because the gzip data is broken: use another file",
			{
				cause,
			},
		);
	}
}

function tooLarge(limit: number): GuestwireError {
	return new GuestwireError("drive", `the decompressed image is larger than ${limit} bytes: decompress it yourself`);
}
