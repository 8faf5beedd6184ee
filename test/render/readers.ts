/** How the files of each format are read back. */
import type { Format } from "../../src/render/index.ts";
import type { Files, Meanings } from "./meaning.ts";
import { readEni } from "./read-eni.ts";
import { readKeyfiles } from "./read-keyfiles.ts";
import { readNetplan } from "./read-netplan.ts";
import { readNetworkd } from "./read-networkd.ts";
import { readNmstate } from "./read-nmstate.ts";
import { readSysconfig } from "./read-sysconfig.ts";

const onlyFile = (files: Files) => [...files.values()].join();

export const READERS = {
	"cloud-init": (files: Files) => readNetplan(onlyFile(files)),
	ifcfg: readSysconfig,
	ifupdown: (files: Files) => readEni(onlyFile(files)),
	netplan: (files: Files) => readNetplan(onlyFile(files)),
	networkd: readNetworkd,
	networkmanager: readKeyfiles,
	nmstate: (files: Files) => readNmstate(onlyFile(files)),
} as const satisfies Partial<Record<Format, (files: Files) => Meanings>>;

/** Formats in which name servers and search domains are the host's, and not a link's. */
export const HOST_RESOLVER: ReadonlySet<Format> = new Set(["nmstate"]);

export type ReadableFormat = keyof typeof READERS;
export const READABLE_FORMATS = Object.keys(READERS) as ReadableFormat[];
