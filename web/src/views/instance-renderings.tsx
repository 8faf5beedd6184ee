import { useState } from "preact/hooks";
import { ofInstance, type Rendering } from "../lib/api.ts";
import { useResource } from "../lib/resource.ts";
import { session } from "../lib/session.ts";
import { Problem } from "../parts/basics.tsx";
import { FORMATS, FormatChoice, RenderedFiles } from "../parts/renderings.tsx";

export function InstanceRenderings({ id, revision }: { readonly id: string; readonly revision: number }) {
	const [format, setFormat] = useState<string>(FORMATS[0]);
	const { data, error } = useResource<Rendering>(ofInstance(id, `render/${format}`), revision);
	return (
		<>
			{session.current.value?.role === "read-user-data" && (
				<p>
					Config drive, with user data (downloads are logged):{" "}
					<a href={ofInstance(id, "config-drive?encoding=raw")} download>
						ISO 9660
					</a>
					,{" "}
					<a href={ofInstance(id, "config-drive?format=vfat&encoding=raw")} download>
						VFAT
					</a>
					,{" "}
					<a href={ofInstance(id, "config-drive")} download>
						gzip and base64, for Ironic
					</a>
				</p>
			)}
			<FormatChoice format={format} onChoose={setFormat} />
			{error !== undefined && <Problem message={error} />}
			{data !== undefined && <RenderedFiles rendering={data} />}
		</>
	);
}
