import { describe, expect, it } from "vitest";
import { recordedCase } from "../../test/recorded.ts";
import { buildTree } from "../documents/guest-tree.ts";
import { isPrivatePath } from "../documents/paths.ts";
import { defaultSettings } from "../documents/settings.ts";
import { assemble } from "../instance/assemble.ts";
import { GUEST_FILES, guestFiles } from "./guest-files.ts";
import { FORMATS, render } from "./index.ts";

const instance = assemble(recordedCase("b2-static4-routes").facts);
const settings = defaultSettings(new Uint8Array(32));
const tree = buildTree(instance, { ...settings, guestFiles: (data) => guestFiles(data, ["networkd", "netplan"]) });
const own = [...tree.paths()].filter((path) => path.includes("/network/"));
const data = JSON.parse(Buffer.from(tree.read("openstack/latest/network_data.json") ?? []).toString());

describe("files for guests without an agent", () => {
	it("are the script and the files of each chosen format, in every version, over HTTP and on the drive", () => {
		const names = (folder: string) =>
			own
				.filter((path) => path.startsWith(`openstack/${folder}/`))
				.map((path) => path.slice(`openstack/${folder}/`.length));
		const expected = (["networkd", "netplan"] as const).flatMap((format) =>
			render(format, data).files.map(({ path }) => `network/${format}/${path}`),
		);
		expect(names("latest")).toEqual(["network/apply.sh", ...expected]);
		expect(names("2018-08-27")).toEqual(names("latest"));
		for (const path of own) expect(tree.answer(path)?.body, path).toEqual(tree.read(path));
		expect([...tree.drive.paths()]).toEqual(
			expect.arrayContaining(names("latest").map((name) => `openstack/latest/${name}`)),
		);
	});

	it("are rendered from the instance's own document", () => {
		const text = (path: string) => Buffer.from(tree.read(`openstack/latest/${path}`) ?? []).toString();
		expect(text("network/apply.sh")).toBe(render("iproute2", data).files[0]?.text);
		for (const file of render("netplan", data).files) expect(text(`network/netplan/${file.path}`)).toBe(file.text);
	});

	it("can be a NoCloud seed, which cloud-init reads over HTTP", () => {
		const seeded = buildTree(instance, {
			...settings,
			guestFiles: (data, document) => guestFiles(data, ["nocloud"], document),
		});
		const text = (path: string) =>
			Buffer.from(seeded.answer(`openstack/latest/nocloud/${path}`)?.body ?? []).toString();
		expect(JSON.parse(text("meta-data"))).toMatchObject({ "instance-id": instance.id });
		expect(text("network-config")).toBe(render("cloud-init", data).files[0]?.text);
		expect(text("user-data").length).toBeGreaterThan(0);
	});

	it("are private, like all documents, if and only if they contain user data or vendor data", () => {
		const { facts } = recordedCase("h1-full");
		const user_data = Buffer.from("#cloud-config\n# planted").toString("base64");
		const server = { ...facts.server, "OS-EXT-SRV-ATTR:user_data": user_data } as NonNullable<typeof facts.server>;
		const all = buildTree(
			assemble({ ...facts, server }),
			{
				...settings,
				staticVendorData: '{"cloud-init": "#cloud-config\\n# planted"}',
				guestFiles: (data, document) => guestFiles(data, GUEST_FILES, document),
			},
			new Map([["join", '{"token": "planted"}']]),
		);
		const planted = [...all.paths()].filter((path) => Buffer.from(all.read(path) ?? []).includes("planted"));
		expect([...all.paths()].filter(isPrivatePath)).toEqual(planted);
		const kinds = new Set(planted.map((path) => path.replace(/^(openstack\/)?[^/]+\//, "")));
		const ofSeed = ["nocloud/user-data", "nocloud/vendor-data"];
		expect(kinds).toEqual(new Set(["user_data", "vendor_data.json", "vendor_data2.json", "user-data", ...ofSeed]));
		expect(isPrivatePath("openstack/latest/password")).toBe(true);
		expect(["", "openstack", "openstack/latest", "latest", "latest/meta-data"].filter(isPrivatePath)).toEqual([]);
		expect(isPrivatePath("openstack/latest/a-document-of-tomorrow")).toBe(true);
	});

	it("have distinct paths", () => {
		const paths = guestFiles(data, FORMATS).map(({ path }) => path);
		expect(new Set(paths).size).toBe(paths.length);
	});
});
