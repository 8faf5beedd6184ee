/** Makes the plan's volumes, on Cinder's fake driver, and attaches them; existing ones, by name, are left as they are. */
import { type Api, eventually, type Json } from "./api.ts";
import type { BootSource } from "./instances.ts";
import type { GuestPlan, VolumePlan } from "./plan.ts";

/** Cinder's volume of that name in the caller's project, as soon as it can be used. */
async function ensureVolume(api: Api, { name, root }: VolumePlan): Promise<string> {
	const volumesPath = `/${api.projectId}/volumes`;
	const { volumes } = await api.get("volume", `${volumesPath}?name=${name}`);
	const id: string = volumes[0]?.id ?? (await api.post("volume", volumesPath, { volume: { name, size: 1 } })).volume.id;
	const { bootable } = await eventually(`volume ${name} is made`, 300, async () => {
		const { volume } = await api.get("volume", `${volumesPath}/${id}`);
		if (volume.status.startsWith("error")) throw new Error(`volume ${name} is ${volume.status}`);
		return ["available", "in-use"].includes(volume.status) ? volume : undefined;
	});
	if (root && bootable !== "true") {
		await api.post("volume", `${volumesPath}/${id}/action`, { "os-set_bootable": { bootable: true } });
	}
	return id;
}

/** What the guest boots from, in the members of Nova's server: an image, or the volume that is its root; and its volumes. */
export async function bootMembers(api: Api, plan: GuestPlan, boot: BootSource): Promise<Json> {
	const { volumes = [] } = plan;
	if (volumes.length === 0) return boot;
	const image = { uuid: boot.imageRef, source_type: "image", destination_type: "local", boot_index: 0 };
	const hasVolumeAsRoot = volumes.some(({ root }) => root);
	const block_device_mapping_v2: Json[] = hasVolumeAsRoot ? [] : [image];
	for (const volume of volumes.filter(({ later }) => !later)) {
		block_device_mapping_v2.push({
			uuid: await ensureVolume(api, volume),
			source_type: "volume",
			destination_type: "volume",
			boot_index: volume.root ? 0 : -1,
			...(volume.tag && { tag: volume.tag }),
		});
	}
	const source = hasVolumeAsRoot ? { flavorRef: boot.flavorRef } : boot;
	return { ...source, block_device_mapping_v2 };
}

/** Attaches the volumes that the plan adds to the running guest, one after another, as their device names tell it. */
export async function attachVolumes(api: Api, plan: GuestPlan, serverId: string): Promise<void> {
	for (const volume of plan.volumes?.filter(({ later }) => later) ?? []) {
		const volumeId = await ensureVolume(api, volume);
		const path = `/servers/${serverId}/os-volume_attachments`;
		const isAttached = async () => {
			const { volumeAttachments } = await api.get("compute", path);
			return volumeAttachments.some((attachment: Json) => attachment.volumeId === volumeId);
		};
		if (await isAttached()) continue;
		await api.post("compute", path, { volumeAttachment: { volumeId, ...(volume.tag && { tag: volume.tag }) } });
		await eventually(`volume ${volume.name} is attached`, 300, async () => {
			const { volume: current } = await api.get("volume", `/${api.projectId}/volumes/${volumeId}`);
			return current.status === "in-use" && (await isAttached()) ? true : undefined;
		});
	}
}
