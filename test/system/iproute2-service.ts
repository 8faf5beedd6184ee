/**
 * Serves the examples' trees with their scripts, and knows its guests by their addresses: a program of its own, for it
 * runs among another machine's interfaces. Writes a line when it listens.
 *
 *     node iproute2-service.ts '[fe80::a9fe:a9fe%lan0]:80'
 */
import { fileURLToPath } from "node:url";
import { createFilesCloud } from "../../src/cloud/files/files-cloud.ts";
import { defaultSettings } from "../../src/documents/settings.ts";
import { guestFiles } from "../../src/guest/guest-files.ts";
import { assemble } from "../../src/instance/assemble.ts";
import { directoryOf, startTestService } from "../metadata-service.ts";

const cloud = await createFilesCloud(fileURLToPath(new URL("../../examples/inventory", import.meta.url)));
const facts = await Promise.all((await cloud.list()).map(({ id }) => cloud.instance(id, "all")));
const { addresses } = await startTestService([{ listen: process.argv[2] ?? "", identity: { mode: "address" } }], {
	directory: directoryOf(facts.flatMap((found) => (found === undefined ? [] : [assemble(found)]))),
	settings: { ...defaultSettings(new Uint8Array(32)), guestFiles: (data) => guestFiles(data, ["netplan"]) },
});
console.log(addresses.join(" "));
