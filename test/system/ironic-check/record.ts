// Records what the Ironic of the chroot says: node test/system/ironic-check/record.ts, as root, after chroot.sh.
import { writeFileSync } from "node:fs";
import { checkWithIronic, ironicDrives, linksOf } from "./drives.ts";

const drives = await ironicDrives();
const { version, checked } = checkWithIronic(drives);
const results = Object.entries(drives).map(([name, drive]) => [name, { ...checked[name], links: linksOf(drive) }]);
const file = new URL("../../fixtures/ironic-check.json", import.meta.url);
const recorded = { version, date: new Date().toISOString().slice(0, 10), drives: Object.fromEntries(results) };
writeFileSync(file, `${JSON.stringify(recorded, null, "\t")}\n`);
console.log(recorded);
