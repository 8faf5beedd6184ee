import { useState } from "preact/hooks";
import type { Format } from "../../../src/render/index.ts";
import type { Rendering } from "../lib/api.ts";
import { download } from "./basics.tsx";

/** The most used formats first. */
const ORDER: Readonly<Record<Format, true>> = {
	netplan: true,
	networkd: true,
	networkmanager: true,
	"cloud-init": true,
	ifupdown: true,
	ifcfg: true,
	ignition: true,
	iproute2: true,
	nmstate: true,
	dracut: true,
	"systemd-credentials": true,
};
export const FORMATS = Object.keys(ORDER) as [Format, ...Format[]];

export interface FormatChoiceProps {
	readonly format: string;
	readonly onChoose: (format: string) => void;
}

export function FormatChoice({ format, onChoose }: FormatChoiceProps) {
	return (
		<label>
			Format{" "}
			<select value={format} onChange={({ currentTarget }) => onChoose(currentTarget.value)}>
				{FORMATS.map((name) => (
					<option key={name} value={name}>
						{name}
					</option>
				))}
			</select>
		</label>
	);
}

/** The files of one format, to read and to save. */
export function RenderedFiles({ rendering }: { readonly rendering: Rendering }) {
	const { files, remarks } = rendering;
	return (
		<>
			{remarks.length > 0 && (
				<ul class="remarks">
					{remarks.map(({ pointer, reason, value }) => (
						<li key={`${pointer} ${reason}`}>
							<code>{pointer || "/"}</code> {value} {reason}
						</li>
					))}
				</ul>
			)}
			{files.map(({ path, text }) => (
				<figure key={path}>
					<figcaption>
						<code>{path}</code>{" "}
						<button type="button" onClick={() => download(path.split("/").at(-1) ?? path, text)}>
							Download <span class="hidden">{path}</span>
						</button>
					</figcaption>
					{/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines have to be scrolled with the keyboard */}
					<pre tabIndex={0}>{text}</pre>
				</figure>
			))}
			{files.length === 0 && <p class="empty">This format can't express anything in this document.</p>}
		</>
	);
}

/** Renderings that are all there already. */
export function Renderings({ renderings }: { readonly renderings: Readonly<Record<string, Rendering>> }) {
	const [format, setFormat] = useState<string>(FORMATS[0]);
	const rendering = renderings[format];
	return (
		<>
			<FormatChoice format={format} onChoose={setFormat} />
			{rendering && <RenderedFiles rendering={rendering} />}
		</>
	);
}
