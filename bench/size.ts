/** Memory per instance and time to the first response, by the size of the inventory. */
import { join } from "node:path";
import { Pool } from "undici";
import { generated, writeInventory } from "./generate.ts";
import { headersOf, PATH, startService } from "./service.ts";

export interface Size {
	readonly instances: number;
	/** Milliseconds from the start of the process. */
	readonly firstAnswer: number;
	/** Bytes of the whole process, after each instance's document was served. */
	readonly resident: number;
	/** More than the process with the smallest inventory; undefined for that one. */
	readonly bytesPerInstance: number | undefined;
}

const CONNECTIONS = 32;
/** Requests that warm up every process equally, so that compiled code is not counted as memory of instances. */
const WARM_UP = 20_000;

/** @param sizes smallest first, which is the baseline */
export async function measureSize(folder: string, sizes: readonly number[]): Promise<Size[]> {
	const results: Size[] = [];
	for (const instances of sizes) {
		const inventory = join(folder, `inventory-${instances}`);
		await writeInventory(inventory, instances);
		const service = await startService(inventory, folder);
		await askEach(service.address, Math.max(instances, WARM_UP), instances);
		const resident = await service.residentBytes();
		await service.stop();
		const [floor] = results;
		const bytesPerInstance = floor && (resident - floor.resident) / (instances - floor.instances);
		results.push({ instances, firstAnswer: service.firstAnswer, resident, bytesPerInstance });
	}
	return results;
}

async function askEach(address: string, requests: number, instances: number): Promise<void> {
	const pool = new Pool(address, { connections: CONNECTIONS });
	let next = 0;
	const ask = async () => {
		for (let n = next++; n < requests; n = next++) {
			const headers = headersOf(generated(n % instances));
			const { statusCode, body } = await pool.request({ method: "GET", path: PATH, headers });
			await body.dump();
			if (statusCode !== 200) throw new Error(`instance ${n % instances} is answered ${statusCode}`);
		}
	};
	await Promise.all(Array.from({ length: CONNECTIONS }, ask));
	await pool.close();
}
