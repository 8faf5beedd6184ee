/** A process of its own: leads the mirror at the location given as JSON until it is killed. */
import { openMirrorStore } from "../src/mirror/open-mirror-store.ts";
import { openDatabase } from "../src/store/database.ts";

const state = await openDatabase(JSON.parse(process.argv[2] ?? ""));
const store = await openMirrorStore(state, { sourceId: "cloud", userData: true });
await store.lead(new AbortController().signal);
console.log("leads");
setInterval(() => {}, 1000);
