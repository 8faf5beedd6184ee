/**
 * The tests of guests fail if a change to the document makes a guest lose its name server. By hand:
 * GUESTWIRE_GUESTS=lost-dns npm run test:guests
 */
import { describe, expect, it } from "vitest";
import { loadWiring, withoutNameServers } from "../clients/wiring.ts";
import { bootGuest, type GuestCase } from "./guest.ts";

const STATIC: GuestCase = { suite: "bookworm", role: "netplan", wiring: "static", carrier: "iso9660-disk" };

describe.skipIf(process.env["GUESTWIRE_GUESTS"] !== "lost-dns")("a document without dns_nameservers", () => {
	it("makes a guest of bookworm lose its name server", async () => {
		const { differences, details } = await bootGuest(STATIC, withoutNameServers(await loadWiring("static")));
		expect(differences, details).toEqual(["NIC 0: DNS server missing: 192.0.2.53", "DNS: no query was answered"]);
	});
});
