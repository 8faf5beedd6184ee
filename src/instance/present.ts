/** `T` with undefined members dropped: absent facts are absent members. */
export function present<T extends object>(members: { [K in keyof T]: T[K] | undefined }): T {
	for (const key of Object.keys(members) as (keyof T)[]) if (members[key] === undefined) delete members[key];
	return members as T;
}
