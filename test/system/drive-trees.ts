const VERSIONS = ["2012-08-10", "2015-10-15", "2018-08-27", "2020-10-14", "latest"];

/** Bytes that compress badly and tell where they come from. */
function filler(length: number, seed: number): Uint8Array {
	let state = seed + 1;
	return Uint8Array.from({ length }, () => {
		state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
		return state >>> 24;
	});
}

/** A drive as Nova lays it out, with the names and sizes that readers stumble over. */
export function sampleTree(): Map<string, Uint8Array> {
	const files = new Map<string, Uint8Array>();
	const text = (path: string, value: string) => files.set(path, Buffer.from(value));
	// The very same array in several places, as documents have that several versions share.
	const shared = Buffer.from("{}");
	for (const version of VERSIONS) {
		text(`openstack/${version}/meta_data.json`, `{"uuid": "d9af3ba2-5b3c-4d96-89a1-8fe7b51aeb77", "v": "${version}"}`);
		text(`openstack/${version}/network_data.json`, '{"links": [], "networks": [], "services": []}');
		text(`openstack/${version}/user_data`, `#!/bin/sh\necho ${version}\n`);
		files.set(`openstack/${version}/vendor_data2.json`, shared);
	}
	for (const version of ["2009-04-04", "latest"]) {
		text(`ec2/${version}/meta-data.json`, '{"instance-id": "i-00000001"}');
		text(`ec2/${version}/user-data`, "#!/bin/sh\n");
	}
	const sizes = [0, 1, 511, 512, 513, 1023, 1024, 1025, 2047, 2048, 2049, 4096, 300_000];
	for (const [index, size] of sizes.entries()) {
		files.set(`openstack/content/${`${index}`.padStart(4, "0")}`, filler(size, index));
	}
	// Over one sector of records, with names that differ only beyond the 8 and the 31 characters of short names.
	const name = "a-long-name-of-sixty-four-characters-that-ends-in-a-number-";
	for (let index = 0; index < 60; index++) text(`many/${name}${`${index}`.padStart(5, "0")}`, `${index}`);
	text("odd/.hidden", "1");
	text("odd/a.b.c", "2");
	text("odd/two words.txt", "3");
	text("odd/a-b.txt", "4");
	text("odd/a_b.txt", "5");
	text("odd/a+b.txt", "6");
	text("odd/UPPER.TXT", "7");
	text("odd/Mixed.Case", "8");
	text("odd/ümläut-ключ-鍵-ß", "9");
	text(`odd/${"鍵".repeat(64)}`, "10");
	text("1/2/3/4/5/6/7/deep", "11");
	return files;
}
