import { buildTree, type GuestTree, staticAnswer } from "../documents/guest-tree.ts";
import { detailOf, documentAt } from "../documents/paths.ts";
import type { DocumentSettings } from "../documents/settings.ts";
import type { TreeAnswer } from "../documents/tree.ts";
import type { VendorData } from "../documents/vendor-data.ts";
import { getOrInsert } from "../get-or-insert.ts";
import type { Detail, Instance } from "../instance/instance.ts";
import type { NovaRelease } from "../instance/nova-release.ts";
import { rememberedByText } from "../remembered-by-text.ts";
import type { DynamicVendorData } from "./vendor-data.ts";

/** An instance's documents as its guest gets them. */
export interface GuestDocuments {
	/** The response for `/` and `/openstack`, which need no identity; undefined for other paths. */
	listing(path: string): TreeAnswer | undefined;
	/** All documents and listings, without dynamic vendor data. */
	tree(instance: Instance): GuestTree;
	/** All documents and listings, with dynamic vendor data. */
	complete(instance: Instance): Promise<GuestTree>;
	/** The HTTP response for a normalized path. A promise only if a vendor data service is asked. */
	answer(instance: Instance, path: string): TreeAnswer | undefined | Promise<TreeAnswer | undefined>;
	/** The level of detail that a normalized path needs. */
	detailOf(path: string): Detail;
}

/**
 * Trees live as long as their instance. The cache returns the same object while the facts are the same, so a document is
 * generated once, and dropped when its facts change.
 */
export function createGuestDocuments(settings: DocumentSettings, vendorData?: DynamicVendorData): GuestDocuments {
	const listings = new Map<string, TreeAnswer | undefined>();
	let listed: NovaRelease | undefined;
	/** Whoever asks gets the listing of the cloud's release, once an instance has named it. */
	const list = (instance?: Instance) => {
		if (listings.size > 0 && (instance?.novaRelease === undefined || instance.novaRelease === listed)) return;
		listed = instance?.novaRelease;
		for (const path of ["", "openstack"]) listings.set(path, staticAnswer(path, settings, instance));
	};
	list();
	const trees = new WeakMap<Instance, GuestTree>();
	const vendorTrees = new WeakMap<Instance, { readonly data: VendorData; readonly tree: GuestTree }>();
	const build = (instance: Instance): GuestTree => {
		list(instance);
		return buildTree(instance, settings);
	};
	const tree = (instance: Instance): GuestTree => getOrInsert(trees, instance, build);
	const treeWith = (instance: Instance, data: VendorData): GuestTree => {
		const known = vendorTrees.get(instance);
		if (known?.data === data) return known.tree;
		const tree = buildTree(instance, settings, data);
		vendorTrees.set(instance, { data, tree });
		return tree;
	};
	const vendors = vendorData?.hasTargets ? vendorData : undefined;
	return {
		listing: (path) => listings.get(path),
		tree,
		complete: async (instance) =>
			vendors === undefined ? tree(instance) : treeWith(instance, await vendors.of(instance)),
		detailOf: rememberedByText((path) => detailOf(path, settings.expose)),
		answer(instance, path) {
			if (vendors === undefined || documentAt(path)?.hasDynamicVendorData !== true) return tree(instance).answer(path);
			return vendors.of(instance).then((data) => treeWith(instance, data).answer(path));
		},
	};
}
