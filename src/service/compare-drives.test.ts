import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { novaSettings, recordedInstance } from "../../test/metadata-service.ts";
import { readConfigDrive } from "../config-drive/index.ts";
import type { Answered } from "../documents/deviations.ts";
import { driveTree } from "../documents/drive-tree.ts";
import { buildTree, type GuestTree } from "../documents/guest-tree.ts";
import type { Instance, Server } from "../instance/instance.ts";
import { compareAnswers, compareDrives, compareWithFull, describeDifference } from "./comparison.ts";

/** A drive that a real Nova (Zed) made. */
function nova(name: string) {
	const fixture = new URL(`../../test/fixtures/zed-config-drives/${name}.iso.gz`, import.meta.url);
	return readConfigDrive(gunzipSync(readFileSync(fixture)));
}
const ours = (name: string, settings = novaSettings) => driveTree(buildTree(recordedInstance(name), settings));

test.each([
	["b2-static4-routes", ["ec2-image-ids", "random_seed"]],
	["h1-full", ["ec2-image-ids", "injected-files", "injected-password", "random_seed"]],
])("Nova's own drive of %s is equal to ours, or different on purpose", (name, deviations) => {
	const compared = compareDrives(nova(name), ours(name));
	expect(compared.filter(({ outcome }) => outcome === "differing")).toEqual([]);
	expect(compared.filter(({ outcome }) => outcome === "equal").length).toBeGreaterThan(20);
	expect([...new Set(compared.flatMap((comparison) => comparison.deviations))].sort()).toEqual(deviations);
	expect(compared.map(({ path }) => path)).toEqual(expect.arrayContaining([...nova(name).paths()]));
});

test("another instance's drive differs, and no secrets are shown", () => {
	const differing = compareDrives(nova("h1-full"), ours("b2-static4-routes")).filter(
		({ outcome }) => outcome === "differing",
	);
	const paths = differing.map(({ path }) => path);
	expect(paths).toContain("openstack/latest/meta_data.json");
	expect(paths).toContain("openstack/latest/network_data.json");
	const text = differing.map(describeDifference).join("\n");
	expect(text).not.toContain("s3cr3t");
});

const [FIRST, SECOND] = ["ssh-ed25519 AAAA one", "ssh-rsa BBBB two"];

/** A key pair as `openstack keypair create --public-key` imports a file of several keys. */
function withKeys(publicKey: string): Instance {
	const instance = recordedInstance("b2-static4-routes");
	const keypairs = [{ name: "team", type: "ssh", publicKey }];
	// In an order that JavaScript would change.
	const metadata = new Map([["role", "web"], ...["10", "9"].map((key): [string, string] => [key, "x"])]);
	return { ...instance, server: { ...(instance.server as Server), keypairs, metadata } };
}

test("a key pair of several lines is one entry, byte for byte, as in Nova", () => {
	const text = `${FIRST}\n# comment\n${SECOND}\n`;
	const { answer, drive } = buildTree(withKeys(text), novaSettings);
	const json = (path: string) => JSON.parse(Buffer.from(drive.read(path) ?? []).toString());
	expect(json("openstack/latest/meta_data.json")).toMatchObject({
		public_keys: { team: text },
		keys: [{ name: "team", type: "ssh", data: text }],
	});
	const ec2 = (path: string) => Buffer.from(answer(`latest/meta-data/public-keys${path}`)?.body ?? []).toString();
	expect([ec2(""), ec2("/0/openssh-key")]).toEqual(["0=team", text]);
	expect(json("ec2/latest/meta-data.json")["public-keys"]).toEqual({ 0: { _name: "0=team", "openssh-key": text } });
});

test("with profile full, its keys are entries of their own, and differ on purpose", () => {
	const [original, full] = (["nova", "full"] as const).map((profile) =>
		buildTree(withKeys(`${FIRST}\n${SECOND}\n`), { ...novaSettings, profile }),
	) as [GuestTree, GuestTree];
	const compared = compareDrives(original.drive, full.drive).map(compareWithFull);
	// The stand-in for Nova's drive has the blueprint's document, too.
	const differing = compared.filter(({ outcome, path }) => outcome === "differing" && !path.includes("/metadata/"));
	expect(differing).toEqual([]);
	const split = compared.filter(({ deviations }) => deviations.includes("keys-of-one-pair")).map(({ path }) => path);
	expect(split).toEqual(expect.arrayContaining(["openstack/latest/meta_data.json", "ec2/latest/meta-data.json"]));
	const answered = (tree: GuestTree, path: string): Answered => {
		const body = tree.answer(path)?.body;
		return body ? { status: 200, body: Buffer.from(body).toString() } : { status: 404, body: "" };
	};
	for (const path of ["public-keys", "public-keys/0/openssh-key"].map((name) => `latest/meta-data/${name}`)) {
		const outcome = (ours: Answered) => compareWithFull(compareAnswers(`/${path}`, answered(original, path), ours));
		expect(outcome(answered(full, path))).toMatchObject({ outcome: "deviating", deviations: ["keys-of-one-pair"] });
		expect(outcome({ status: 200, body: "1=team" }).outcome).toBe("differing");
	}
});

test("with profile full, network data and its other forms differ on purpose", () => {
	const full = ours("b2-static4-routes", { ...novaSettings, profile: "full" });
	const compared = compareDrives(nova("b2-static4-routes"), full).map(compareWithFull);
	const explained = compared.filter(({ deviations }) => deviations.includes("profile-full")).map(({ path }) => path);
	expect(explained).toContain("openstack/latest/network_data.json");
	expect(explained).toContain("openstack/latest/metadata/network_data");
});
