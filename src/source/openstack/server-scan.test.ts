import { expect, test } from "vitest";
import { type DeliverPage, scanServers } from "./server-scan.ts";
import { createWantedServers, type FoundServer } from "./wanted-servers.ts";

const PAGE = 100;

test("a part goes on although the part before, which was faster, has delivered its first page", async () => {
	const wanted = createWantedServers();
	// Four parts of 300, each with six servers that nobody wants after its first one.
	const servers = Array.from({ length: 1200 }, (_, at) => `s${String(at).padStart(4, "0")}`);
	for (const id of servers) void wanted.add(id);
	const unwanted = [0, 300, 600, 900].flatMap((at) => [1, 2, 3, 4, 5, 6].map((n) => `${servers[at]}-${n}`));
	const all = [...servers, ...unwanted].sort();
	const [part2, part3] = [servers[600], servers[900]];
	const { promise: isPart2Over, resolve } = Promise.withResolvers<void>();
	const page: DeliverPage = async (_most, query) => {
		// Nobody wants the newest.
		if (!query.some(([name]) => name === "sort_key")) return { count: PAGE, delivered: 0, last: "", next: undefined };
		const moment = wanted.moment();
		const marker = query.find(([name]) => name === "marker")?.[1];
		if (marker === part3) await isPart2Over;
		const start = marker === undefined ? 0 : all.indexOf(String(marker)) + 1;
		const items = all.slice(start, start + PAGE);
		const delivered = items.filter((id) => wanted.deliver(id, { id } as FoundServer, moment)).length;
		const last = items.at(-1);
		if (String(marker) > String(part2) && String(marker) < String(part3) && String(last) >= String(part3)) resolve();
		return { count: items.length, delivered, last, next: start + PAGE < all.length ? last : undefined };
	};
	await scanServers(wanted, page);
	expect(wanted.size).toBeLessThan(16);
});
