/** A process of its own: opens the state at the location given as JSON and prints the key of `random_seed`. */
import { openDatabase } from "../src/store/database.ts";
import { sharedKey } from "../src/store/secrets.ts";

const state = await openDatabase(JSON.parse(process.argv[2] ?? ""));
console.log(Buffer.from(await sharedKey(state, "random_seed")).toString("hex"));
await state.close();
