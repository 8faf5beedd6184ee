import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { endpoint, guest, instancesOf, SECRET, startTestService, type TestService } from "../metadata-service.ts";
import { hasProgram, program } from "./programs.ts";

let service: TestService;
afterEach(() => service?.close());

it.runIf(hasProgram("ss"))("the kernel keeps as many connections for a listener as it may", async () => {
	const listener = { listen: "127.0.0.1:0", identity: { mode: "signed", secret: SECRET } } as const;
	service = await startTestService([listener], { instances: instancesOf([guest({ address: "10.0.0.5" })]) });
	const { port } = endpoint(service.addresses[0] ?? "") as { port: number };
	const listening = execFileSync(program("ss"), ["-Hltn", `sport = :${port}`], { encoding: "utf8" });
	const [, , backlog] = listening.split(/\s+/);
	const most = Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));
	expect(Number(backlog)).toBe(Math.min(most, 1024));
});
