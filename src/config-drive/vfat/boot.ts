/** The sectors before the file allocation tables (fatgen103, "Boot Sector and BPB", "FSInfo Sector Structure"). */
import type { ImagePart } from "../drive.ts";
import { FATS, type Geometry, SECTOR } from "./geometry.ts";

/** A fixed disk. */
export const MEDIA = 0xf8;
/** The first cluster of FAT32's root. */
export const ROOT_CLUSTER = 2;

/** With these numbers a cylinder has 1 MiB: mtools wants a volume to have whole tracks. */
const SECTORS_PER_TRACK = 32;
const HEADS = 64;

const INFO_SECTOR = 1;
const BACKUP = 6;

/** For a BIOS that boots from the drive: int 0x18 continues with the next device; if it returns, halt. */
const BOOT_CODE = Buffer.from([0xcd, 0x18, 0xf4, 0xeb, 0xfd]);

/** The reserved sectors that are not zero. */
export function reservedSectors(geometry: Geometry, date: Date, label: string, usedClusters: number): ImagePart[] {
	const boot = bootSector(geometry, date, label);
	if (geometry.bits !== 32) return [{ offset: 0, bytes: boot }];
	const info = infoSector(geometry, usedClusters);
	return [0, BACKUP].flatMap((sector) => [
		{ offset: sector * SECTOR, bytes: boot },
		{ offset: (sector + INFO_SECTOR) * SECTOR, bytes: info },
	]);
}

function bootSector(geometry: Geometry, date: Date, label: string): Buffer {
	const { bits, sectors } = geometry;
	const sector = Buffer.alloc(SECTOR);
	const extended = bits === 32 ? 64 : 36;
	const code = extended + 26;
	sector.set([0xeb, code - 2, 0x90]);
	sector.write("GUESTWIR", 3, "latin1");
	sector.writeUInt16LE(SECTOR, 11);
	sector[13] = geometry.sectorsPerCluster;
	sector.writeUInt16LE(geometry.reservedSectors, 14);
	sector[16] = FATS;
	sector.writeUInt16LE(geometry.rootEntries, 17);
	const small = bits !== 32 && sectors < 0x1_0000;
	sector.writeUInt16LE(small ? sectors : 0, 19);
	sector[21] = MEDIA;
	sector.writeUInt16LE(bits === 32 ? 0 : geometry.fatSectors, 22);
	sector.writeUInt16LE(SECTORS_PER_TRACK, 24);
	sector.writeUInt16LE(HEADS, 26);
	sector.writeUInt32LE(small ? 0 : sectors, 32);
	if (bits === 32) {
		sector.writeUInt32LE(geometry.fatSectors, 36);
		sector.writeUInt32LE(ROOT_CLUSTER, 44);
		sector.writeUInt16LE(INFO_SECTOR, 48);
		sector.writeUInt16LE(BACKUP, 50);
	}
	sector[extended] = 0x80;
	sector[extended + 2] = 0x29;
	// The serial number, which blkid shows as the UUID, is derived from the date, as in DOS.
	sector.writeUInt32LE(Math.floor(date.getTime() / 1000) >>> 0, extended + 3);
	sector.write(label.padEnd(11), extended + 7, "latin1");
	sector.write(`FAT${bits}`.padEnd(8), extended + 18, "latin1");
	sector.set(BOOT_CODE, code);
	sector.writeUInt16LE(0xaa55, 510);
	return sector;
}

function infoSector(geometry: Geometry, usedClusters: number): Buffer {
	const sector = Buffer.alloc(SECTOR);
	sector.write("RRaA", 0, "latin1");
	sector.write("rrAa", 484, "latin1");
	sector.writeUInt32LE(geometry.clusters - usedClusters, 488);
	sector.writeUInt32LE(ROOT_CLUSTER + usedClusters, 492);
	sector.writeUInt32LE(0xaa55_0000, 508);
	return sector;
}
