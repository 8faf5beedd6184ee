/** What the primary process and its workers ask of each other. Workers open no database and no connection to a cloud. */
import type { MetricObjectWithValues, MetricValue } from "prom-client";
import type { DocumentSettings } from "../../documents/settings.ts";
import type { VendorData } from "../../documents/vendor-data.ts";
import type { Detail, Instance } from "../../instance/instance.ts";
import type { Change, Owner, PortQuery } from "../../source/source.ts";
import type { HistoryBatch } from "../../store/history-store.ts";
import type { Config } from "../config-schema.ts";
import type { ResolvedListener } from "../listeners.ts";

export type MetricsJson = MetricObjectWithValues<MetricValue<string>>[];

/** What the primary answers. */
export type PrimaryCalls = {
	instance(request: InstanceRequest): Promise<InstanceAnswer>;
	owners(query: PortQuery): Promise<readonly Owner[]>;
	lastKnownOwners(query: PortQuery): Promise<readonly Owner[] | undefined>;
	/** Of the instance with this id. */
	vendorData(id: string): Promise<VendorData>;
	password(request: PasswordRequest): Promise<Uint8Array | undefined>;
	/** See `GuestPasswords.setOnce`. */
	setPassword(request: PasswordRequest & { readonly password: Uint8Array }): Promise<boolean>;
	writeHistory(batch: HistoryBatch): Promise<void>;
	compactHistory(instanceIds: readonly string[]): Promise<void>;
	trimHistory(instances: number): Promise<boolean>;
	trimRefusals(refusals: number): Promise<void>;
	/** Writes lines of the log. */
	log(lines: string): void;
};

export interface InstanceRequest {
	readonly id: string;
	readonly detail: Detail;
	/** See `InstanceCache.revalidate`. */
	readonly revalidate: boolean;
}

export interface InstanceAnswer {
	readonly instance: Instance | undefined;
	/** Whether every change of the instance will be reported. */
	readonly isReported: boolean;
}

interface PasswordRequest {
	readonly id: string;
	readonly launched: Date | undefined;
}

/** What a worker answers. */
export type WorkerCalls = {
	/** Starts the listeners. The result is where they listen. */
	start(settings: WorkerSettings): Promise<readonly string[]>;
	/** See `Source.onChange`. */
	change(change: Change): void;
	/** Up to when every change was reported, in milliseconds since 1970. */
	verified(at: number): void;
	metrics(argument: undefined): Promise<MetricsJson>;
	/** Answers at once. */
	ping(argument: undefined): void;
	/** Answers the requests in flight, and ends the process. */
	stop(argument: undefined): Promise<void>;
};

export interface WorkerSettings {
	readonly listeners: readonly ResolvedListener[];
	/** With the key of `random_seed`. */
	readonly settings: Omit<DocumentSettings, "guestFiles">;
	readonly guestFiles: Config["guestFiles"];
	readonly hasVendorData: boolean;
	/** The key of the request history's digests. */
	readonly historyKey: Uint8Array;
	/** The age in seconds up to which the worker may serve an answer of the primary without asking again. */
	readonly maxAge: number;
	/** See InstanceCacheOptions. */
	readonly sourceAge: number;
	/** See InstanceCacheOptions. */
	readonly maxBytes: number;
	/** Whether the source knows owners while it can't be reached. */
	readonly hasLastKnownOwners: boolean;
}
