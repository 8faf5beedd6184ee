/** The tests of clients fail if a change to the document makes a guest lose its name server. */
import { expect, it } from "vitest";
import { runCloudInit } from "./client.ts";
import { startHost } from "./host.ts";
import { suite } from "./suite.ts";
import { loadWiring, withoutNameServers } from "./wiring.ts";

it("a document without dns_nameservers makes a guest of bookworm lose its name server", async () => {
	const wiring = await loadWiring("static");
	const host = await startHost(wiring);
	try {
		const results = await runCloudInit({
			...{ suite: suite("bookworm"), wiring, host, source: "ConfigDrive", renderers: ["netplan"] },
			document: withoutNameServers(wiring),
		});
		expect(results.get("netplan")?.differences).toEqual([
			"NIC 0: DNS server missing: 192.0.2.53",
			"kernel: NIC 0: DNS server missing: 192.0.2.53",
		]);
	} finally {
		await host.close();
	}
});
