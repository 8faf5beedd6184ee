/** The limit: nginx with one worker, serving the same bytes as a static file, without looking at any header. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { request } from "undici";
import { freePort } from "../test/free-port.ts";
import { findProgram, unpackedPackage } from "../test/system/programs.ts";
import { PATH, stop } from "./service.ts";

export interface Nginx {
	readonly address: string;
	/** The worker's process id. */
	readonly pid: number;
	stop(): Promise<void>;
}

/** @returns undefined if nginx is not installed */
export async function startNginx(folder: string, document: Uint8Array): Promise<Nginx | undefined> {
	const unpacked = unpackedPackage("nginx");
	const program = findProgram("nginx") ?? (unpacked && findProgram(join(unpacked, "usr/sbin/nginx")));
	if (program === undefined) return undefined;
	const prefix = join(folder, "nginx");
	await mkdir(join(prefix, PATH, ".."), { recursive: true });
	await writeFile(join(prefix, PATH), document);
	const port = await freePort();
	await writeFile(join(prefix, "nginx.conf"), configuration(prefix, port));
	const child = spawn(program, ["-p", prefix, "-c", join(prefix, "nginx.conf"), "-e", "stderr"], { stdio: "ignore" });
	const address = `http://127.0.0.1:${port}`;
	for (let attempt = 0; attempt < 100; attempt++) {
		const status = await request(`${address}${PATH}`).then(
			async ({ statusCode, body }) => body.dump().then(() => statusCode),
			() => undefined,
		);
		if (status === 200) return { address, pid: workerOf(child.pid ?? 0), stop: () => stop(child) };
		await delay(50);
	}
	throw new Error("nginx does not answer");
}

const configuration = (prefix: string, port: number) => `
daemon off;
user root;
worker_processes 1;
pid ${prefix}/pid;
events { worker_connections 1024; }
http {
	access_log ${prefix}/access.log;
	client_body_temp_path ${prefix}/client;
	proxy_temp_path ${prefix}/proxy;
	fastcgi_temp_path ${prefix}/fastcgi;
	uwsgi_temp_path ${prefix}/uwsgi;
	scgi_temp_path ${prefix}/scgi;
	keepalive_requests 1000000000;
	sendfile on;
	tcp_nopush on;
	open_file_cache max=10;
	default_type application/json;
	server { listen 127.0.0.1:${port} backlog=511; root ${prefix}; }
}
`;

/** nginx's main process only watches its worker. */
function workerOf(pid: number): number {
	return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}
