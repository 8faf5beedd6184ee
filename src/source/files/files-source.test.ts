import { execFileSync } from "node:child_process";
import {
	appendFileSync,
	cpSync,
	mkdirSync,
	mkdtempSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recordedCase, recordedCases } from "../../../test/recorded.ts";
import { assemble } from "../../instance/assemble.ts";
import { openFilesSource } from "./files-source.ts";
import { listInventory, readFiles } from "./folder.ts";

/** The recordings of a case that are API responses. The others are what the guest got. */
const isAnswer =
	/\/(server|ports|subports|networks|subnets|trunks|floatingips|security-groups|keypair|interfaces|dhcp-ports)\.json$/;
const zed = new URL("../../../test/fixtures/zed/", import.meta.url).pathname;
const cases = recordedCases();

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "guestwire-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function dropIn(name: string): void {
	const filter = (from: string) => !from.includes(".") || isAnswer.test(from);
	cpSync(join(zed, name), join(folder, name), { recursive: true, filter });
}

describe("API responses as files", () => {
	test.each(cases.map(({ name }) => name))("%s", async (name) => {
		dropIn(name);
		const source = await openFilesSource(folder);
		const { facts } = recordedCase(name);
		const answered = await source.facts(facts.id, "all");
		expect(answered && assemble(answered)).toEqual(assemble(facts));
	});

	test("all together", async () => {
		for (const { name } of cases) dropIn(name);
		const source = await openFilesSource(folder);
		const ids = (await source.list()).map(({ id }) => id);
		expect(ids.toSorted()).toEqual(cases.map(({ facts }) => facts.id).toSorted());
		for (const { facts } of cases) {
			const answered = await source.facts(facts.id, "all");
			expect(answered && assemble(answered)).toEqual(assemble(facts));
		}
	});
});

test("every address of a recorded port or subport belongs to its instance", async () => {
	dropIn("f-trunk");
	const source = await openFilesSource(folder);
	const { facts } = recordedCase("f-trunk");
	for (const port of [...facts.ports, ...facts.subports]) {
		const owner = { id: facts.id, projectId: facts.server?.tenant_id, networkId: port.network_id };
		for (const { ip_address: address } of port.fixed_ips) {
			expect(await source.owners({ address, networkId: port.network_id })).toEqual([owner]);
		}
		expect(await source.owners({ macAddress: port.mac_address })).toEqual([owner]);
	}
});

describe("the folder", () => {
	const server = (id: string) => `server: { id: ${id} }`;

	test("is read recursively, without hidden files", async () => {
		mkdirSync(join(folder, "rack/.git"), { recursive: true });
		writeFileSync(join(folder, "rack/a.yml"), server("a"));
		writeFileSync(join(folder, "README.md"), "# no inventory");
		writeFileSync(join(folder, ".b.yaml.swp"), "\0");
		writeFileSync(join(folder, "rack/.git/c.yaml"), server("c"));
		writeFileSync(join(folder, "..data"), server("d"));
		symlinkSync(join(folder, "..data"), join(folder, "d.yaml"));
		symlinkSync(folder, join(folder, "rack/round"));
		const source = await openFilesSource(folder);
		expect((await source.list()).map(({ id }) => id)).toEqual(["d", "a"]);
	});

	test("can be a single file", async () => {
		writeFileSync(join(folder, "one"), server("a"));
		const source = await openFilesSource(join(folder, "one"));
		expect(await source.list()).toEqual([{ id: "a", name: "a" }]);
	});

	test.each([
		["nowhere", /nowhere does not exist: correct the path$/],
		["", / contains no \*\.yaml, \*\.yml or \*\.json file: put the inventory there/],
	])("says what is missing: %j", async (path, message) => {
		await expect(openFilesSource(join(folder, path))).rejects.toThrow(message);
	});
});

describe("a path that is no longer a file when it is read", () => {
	const path = () => join(folder, "a.yaml");
	const beside = () => join(folder, "b.yaml");
	beforeEach(() => {
		writeFileSync(path(), "server: { id: a }");
		writeFileSync(beside(), "server: { id: b }");
	});

	test("a pipe without a writer is refused in one line, and does not block", async () => {
		const { paths } = await listInventory(folder);
		rmSync(path());
		execFileSync("mkfifo", [path()]);
		const message = /^\S+\/a\.yaml is not a regular file: correct the path$/;
		await expect(readFiles(paths)).rejects.toThrow(message);
		await expect(openFilesSource(path())).rejects.toThrow(message);
		expect(await (await openFilesSource(folder)).list()).toEqual([{ id: "b", name: "b" }]);
	});

	test("a file that is gone is left out, unless nothing is left", async () => {
		const { paths } = await listInventory(folder);
		rmSync(path());
		expect([...(await readFiles(paths)).keys()]).toEqual([beside()]);
		rmSync(beside());
		await expect(readFiles(paths)).rejects.toThrow(/b\.yaml does not exist: correct the path$/);
	});

	test.each(["", "rack"])("a link to nothing is an error, in whatever folder: %j", async (below) => {
		mkdirSync(join(folder, below), { recursive: true });
		writeFileSync(join(folder, below, "z.yaml"), "server: { id: z }");
		symlinkSync("missing.yaml", join(folder, below, "x.yaml"));
		await expect(openFilesSource(folder)).rejects.toThrow(/x\.yaml does not exist: correct the path$/);
	});

	test("files and folders that come and go are not errors", async () => {
		const below = join(folder, "below");
		let isOver = false;
		const changing = (async () => {
			while (!isOver) {
				await mkdir(below);
				await writeFile(join(below, "c.yaml"), "server: { id: c }");
				await rm(below, { recursive: true });
				await rm(path());
				await writeFile(path(), "server: { id: a }");
			}
		})();
		const errors: unknown[] = [];
		for (let n = 0; n < 300; n++) await openFilesSource(folder).catch((error: unknown) => errors.push(error));
		isOver = true;
		await changing;
		expect(errors).toEqual([]);
	});
});

describe("while serving", () => {
	/** A watched inventory, and its next report. */
	async function watched(path = folder) {
		let arrived = Promise.withResolvers<string | undefined>();
		const source = await openFilesSource(path, { onReload: (problem) => arrived.resolve(problem) });
		const report = () => arrived.promise.finally(() => (arrived = Promise.withResolvers()));
		const names = async () => (await source.list()).map(({ name }) => name);
		return { source, report, names };
	}

	test("changes are applied; a broken file is reported once and keeps the last valid state", async () => {
		const path = join(folder, "a.yaml");
		writeFileSync(path, "servers: [{ id: a, name: first }]");
		const { source, report, names } = await watched();
		let changes = 0;
		source.onChange?.(({ kind }) => void (kind === "server" && changes++));
		try {
			expect(await names()).toEqual(["first"]);

			writeFileSync(path, "servers: [{ id: a, name: second }]");
			expect(await report()).toBeUndefined();
			expect(await names()).toEqual(["second"]);

			writeFileSync(join(folder, "b.yaml"), "servers: [");
			expect(await report()).toMatch(/\/b\.yaml:1: invalid YAML: /);
			expect(await names()).toEqual(["second"]);
			expect(changes).toBe(1);

			// The same error is not reported again; the next report is the other one.
			appendFileSync(join(folder, "b.yaml"), "\n");
			renameSync(join(folder, "b.yaml"), join(folder, "c.yaml"));
			expect(await report()).toMatch(/\/c\.yaml:\d: invalid YAML: /);

			rmSync(join(folder, "c.yaml"));
			writeFileSync(path, "servers: [{ id: a, name: third }]");
			expect(await report()).toBeUndefined();
			expect(await names()).toEqual(["third"]);
			expect(changes).toBe(2);
		} finally {
			await source.close();
		}
	});

	test("an emptied folder keeps the last valid state", async () => {
		writeFileSync(join(folder, "a.yaml"), "server: { id: a }");
		const { source, report, names } = await watched();
		try {
			rmSync(join(folder, "a.yaml"));
			expect(await report()).toMatch(/ contains no \*\.yaml/);
			expect(await names()).toEqual(["a"]);
			writeFileSync(join(folder, "a.yaml"), "server: { id: b }");
			expect(await report()).toBeUndefined();
			expect(await names()).toEqual(["b"]);
		} finally {
			await source.close();
		}
	});

	test("a folder is moved away and replaced by another", async () => {
		const path = join(folder, "inventory");
		mkdirSync(path);
		writeFileSync(join(path, "a.yaml"), "server: { id: a }");
		const { source, report, names } = await watched(path);
		try {
			renameSync(path, join(folder, "old"));
			expect(await report()).toMatch(/does not exist: correct the path/);
			expect(await names()).toEqual(["a"]);
			for (const id of ["b", "c"]) {
				mkdirSync(path, { recursive: true });
				writeFileSync(join(path, "a.yaml"), `server: { id: ${id} }`);
				await expect.poll(names, { timeout: 4000 }).toEqual([id]);
			}
		} finally {
			await source.close();
		}
	});

	test("a link to a folder is pointed at another folder", async () => {
		const path = join(folder, "current");
		for (const id of ["a", "b"]) {
			mkdirSync(join(folder, id));
			writeFileSync(join(folder, id, "x.yaml"), `server: { id: ${id} }`);
			symlinkSync(id, join(folder, `to-${id}`));
		}
		renameSync(join(folder, "to-a"), path);
		const { source, report, names } = await watched(path);
		try {
			renameSync(join(folder, "to-b"), path);
			expect(await report()).toBeUndefined();
			expect(await names()).toEqual(["b"]);
		} finally {
			await source.close();
		}
	});

	describe("while files are being rewritten", () => {
		const path = () => join(folder, "a.yaml");

		test("a file that is being rewritten keeps its instances until it is complete", async () => {
			writeFileSync(path(), "server: { id: a }");
			const { source, report, names } = await watched();
			try {
				for (const incomplete of ["", "networks: []"]) {
					writeFileSync(path(), incomplete);
					expect(await report()).toMatch(/a\.yaml has lost all of its resources, but may not be fully written yet$/);
					expect(await names()).toEqual(["a"]);
					writeFileSync(path(), "server: { id: a }");
					expect(await report()).toBeUndefined();
				}
			} finally {
				await source.close();
			}
		});

		test("a file that is filled in steps keeps its instances", { tags: ["slow"] }, async () => {
			const guests = (...ids: string[]) => ids.map((id) => `---\nserver: { id: ${id} }\n`).join("");
			writeFileSync(path(), guests("a", "b", "c"));
			const { source, report, names } = await watched();
			try {
				// As `generator > file` does, with a pause.
				writeFileSync(path(), guests("new", "a"));
				expect(await report()).toMatch(/a\.yaml has lost some of its resources, but may not be fully written yet$/);
				expect(await names()).toEqual(["a", "b", "c"]);
				for (const id of ["b", "c"]) {
					await setTimeout(900);
					expect(await names()).toEqual(["a", "b", "c"]);
					appendFileSync(path(), guests(id));
				}
				expect(await report()).toBeUndefined();
				expect(await names()).toEqual(["new", "a", "b", "c"]);
			} finally {
				await source.close();
			}
		});

		test("a file in which something is renamed is used soon, one that replaces it at once", async () => {
			writeFileSync(path(), "server: { id: a }");
			const { source, report, names } = await watched();
			try {
				writeFileSync(path(), "server: { id: b }");
				expect(await report()).toMatch(/has lost some/);
				expect(await report()).toBeUndefined();
				expect(await names()).toEqual(["b"]);
				writeFileSync(join(folder, "new"), "server: { id: c }");
				renameSync(join(folder, "new"), path());
				expect(await report()).toBeUndefined();
				expect(await names()).toEqual(["c"]);
			} finally {
				await source.close();
			}
		});

		test("a file that is removed and written again keeps its instances; what moves to another file is used at once", async () => {
			writeFileSync(path(), "server: { id: a, name: old }");
			writeFileSync(join(folder, "b.yaml"), "server: { id: b }");
			const { source, report, names } = await watched();
			try {
				rmSync(path());
				expect(await report()).toMatch(/a\.yaml is gone, but may be about to be written again$/);
				expect(await names()).toEqual(["old", "b"]);
				writeFileSync(join(folder, "c.yaml"), "server: { id: a, name: new }");
				expect(await report()).toBeUndefined();
				expect(await names()).toEqual(["b", "new"]);
			} finally {
				await source.close();
			}
		});

		test("what moves out of an incomplete file is used at once; the file keeps its other instances", async () => {
			writeFileSync(path(), "servers: [{ id: a }, { id: b }, { id: c }]");
			const { source, names } = await watched();
			try {
				writeFileSync(join(folder, "b.yaml"), "server: { id: a, name: moved }");
				writeFileSync(path(), "server: { id: b }");
				await expect.poll(names, { timeout: 4000 }).toContain("moved");
				expect(await names()).toEqual(["b", "c", "moved"]);
			} finally {
				await source.close();
			}
		});

		test("an incomplete file whose last contents contradict another file keeps the last state", async () => {
			const port = (id: string) => `port: { id: ${id}, device_id: a, network_id: n, mac_address: "02:00:00:00:00:01" }`;
			writeFileSync(path(), `servers: [{ id: a }, { id: b }]\n${port("p")}`);
			writeFileSync(join(folder, "n.yaml"), "network: { id: n }");
			const { source, report, names } = await watched();
			try {
				writeFileSync(path(), "server: { id: a }");
				writeFileSync(join(folder, "b.yaml"), port("q"));
				expect(await report()).toMatch(/a\.yaml has lost some of its resources/);
				expect(await names()).toEqual(["a", "b"]);
			} finally {
				await source.close();
			}
		});

		test("a file that stays without instances is used", { tags: ["slow"] }, async () => {
			writeFileSync(path(), "server: { id: a }");
			const { source, report, names } = await watched();
			try {
				writeFileSync(path(), "");
				expect(await report()).toMatch(/has lost all/);
				expect(await report()).toBeUndefined();
				expect(await names()).toEqual([]);
			} finally {
				await source.close();
			}
		});

		test("links that lead in circles are reported or not followed", async () => {
			writeFileSync(path(), "server: { id: a }");
			mkdirSync(join(folder, "below"));
			symlinkSync("..", join(folder, "below", "above"));
			symlinkSync("/usr", join(folder, "below", "usr"));
			const { source, report, names } = await watched();
			try {
				symlinkSync("loop.yaml", join(folder, "loop.yaml"));
				expect(await report()).toMatch(/loop\.yaml \(ELOOP\): it is a link that leads back to itself; remove it$/);
				expect(await names()).toEqual(["a"]);
				rmSync(join(folder, "loop.yaml"));
			} finally {
				await source.close();
			}
		});

		test("a file that changes all the time does not delay other changes by more than 2 s", async () => {
			writeFileSync(path(), "server: { id: a }");
			const { source, names } = await watched();
			const writing = setInterval(() => {
				appendFileSync(join(folder, "serve.log"), "a line\n");
				writeFileSync(join(folder, "noise.yaml"), "networks: []");
			}, 20);
			try {
				writeFileSync(path(), "server: { id: b }");
				await expect.poll(names, { timeout: 2000 }).toEqual(["b"]);
			} finally {
				clearInterval(writing);
				await source.close();
			}
		});
	});
});
