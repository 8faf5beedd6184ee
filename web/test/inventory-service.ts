/** `guestwire serve` over a copy of the examples. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCli } from "../../test/run-cli.ts";
import { listenAddress, root } from "./browser.ts";

export interface InventoryService {
	/** Where the test may keep files of its own. */
	readonly folder: string;
	/** The operator server's address. */
	readonly operator: string;
	/** Requests a path as the guest `web-1`, by cloud-init unless the headers say otherwise. */
	ask(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
	/** Requests a path at the listener that finds guests by network and address. */
	askByNetwork(
		path: string,
		network: string,
		address: string,
		headers?: Readonly<Record<string, string>>,
	): Promise<Response>;
	/** Changes a file of the inventory. */
	change(file: string, from: string, to: string): void;
	close(): Promise<void>;
}

/** @param options.hasManyNics adds the guest `switch-1`, which has 30 NICs */
export async function startInventoryService(
	options: { readonly hasManyNics?: boolean } = {},
): Promise<InventoryService> {
	const folder = mkdtempSync(join(tmpdir(), "guestwire-page-"));
	const inventory = join(folder, "inventory");
	cpSync(join(root, "examples/inventory"), inventory, { recursive: true });
	if (options.hasManyNics === true) {
		writeFileSync(join(inventory, "switch-1.yaml"), JSON.stringify(manyNics(30)));
	}
	const config = join(folder, "guestwire.yaml");
	const metadata = [
		{ listen: listenAddress(8775), identity: "fixed", instance: "web-1" },
		{ listen: listenAddress(8776), identity: "network", allow: ["127.0.0.1"] },
	];
	const state = { sqlite: join(folder, "state.db") };
	const cloud = { files: { path: inventory } };
	writeFileSync(config, JSON.stringify({ cloud, metadata, state, operator: { listen: "127.0.0.1:0" } }));
	const service = startCli(["serve", "--config", config]);
	const [, guests] = await service.says(/fixed\): curl (http:\/\/[^/]+)/);
	const [, byNetwork] = await service.says(/network\): curl (http:\/\/[^/]+)/);
	const [, operator = ""] = await service.says(/operators: .*(http:\/\/[^/]+)/);
	const agent = { "user-agent": "Cloud-Init/25.1.4" };
	return {
		folder,
		operator,
		ask: (path, headers = {}) => fetch(`${guests}/${path}`, { headers: { ...agent, ...headers } }),
		askByNetwork: (path, network, address, headers = {}) =>
			fetch(`${byNetwork}/${path}`, {
				headers: { ...agent, "x-neutron-network-id": network, "x-forwarded-for": address, ...headers },
			}),
		change(file, from, to) {
			const path = join(inventory, file);
			const before = readFileSync(path, "utf8");
			if (!before.includes(from)) throw new Error(`${file} does not contain ${from}`);
			writeFileSync(path, before.replace(from, to));
		},
		async close() {
			await service.stop();
			rmSync(folder, { recursive: true });
		},
	};
}

/** A guest with many NICs, as API answers in an inventory. */
function manyNics(count: number) {
	const numbers = Array.from({ length: count }, (_, at) => at + 1);
	const hex = (n: number) => n.toString(16).padStart(2, "0");
	return {
		networks: numbers.map((n) => ({ id: `lan-${n}`, mtu: 1500 })),
		subnets: numbers.map((n) => ({
			id: `lan-${n}-v4`,
			network_id: `lan-${n}`,
			cidr: `10.${n}.0.0/24`,
			gateway_ip: `10.${n}.0.1`,
			enable_dhcp: false,
		})),
		ports: numbers.map((n) => ({
			...{
				id: `switch-1-${n}`,
				device_id: "switch-1",
				network_id: `lan-${n}`,
				mac_address: `52:54:00:00:05:${hex(n)}`,
			},
			fixed_ips: [{ ip_address: `10.${n}.0.10` }],
		})),
	};
}
