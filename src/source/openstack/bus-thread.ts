/** The thread that parses one large message of the bus. */
import { parentPort, workerData } from "node:worker_threads";
import { parseBusMessage } from "./bus-message.ts";

parentPort?.postMessage(parseBusMessage(Buffer.from(workerData as Uint8Array)));
