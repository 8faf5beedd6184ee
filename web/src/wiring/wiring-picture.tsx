import { useMemo } from "preact/hooks";
import type { NetworkDescription } from "../../../src/documents/network-description.ts";
import { LINE, layOut, MAX_CHARACTERS, PADDING, type PlacedBox, TITLE } from "./layout.ts";
import { type BoxLine, type NetworkNames, pictureOf } from "./model.ts";
import { Scroller } from "./scroller.tsx";

const NO_NAMES: NetworkNames = new Map();

/** The guest's wiring from left to right: NICs, bonds and VLANs, networks with addresses. */
export function WiringPicture(props: { readonly document: NetworkDescription; readonly names?: NetworkNames }) {
	const { document, names = NO_NAMES } = props;
	const { picture, placed } = useMemo(() => {
		const made = pictureOf(document, names);
		return { picture: made, placed: layOut(made) };
	}, [document, names]);
	if (placed.boxes.length === 0) {
		return <p class="empty">No NIC is plugged in: the guest gets no network_data.json and falls back to DHCP.</p>;
	}
	const { width, height } = placed;
	return (
		<Scroller label="Wiring">
			<svg role="img" aria-label={picture.summary} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
				{placed.edges.map((path) => (
					<path key={path} class="edge" d={path} />
				))}
				{placed.boxes.map((box) => (
					<BoxShape key={box.id} box={box} />
				))}
			</svg>
		</Scroller>
	);
}

function BoxShape({ box }: { readonly box: PlacedBox }) {
	const { x, y, width, height, kind, title, lines } = box;
	return (
		<g class={`box ${kind}`} transform={`translate(${x} ${y})`}>
			<title>{[title, ...lines.map(({ label, value }) => `${label} ${value}`)].join("\n")}</title>
			<rect width={width} height={height} rx={6} />
			<text class="title" x={PADDING} y={TITLE - 4}>
				{shorten(title, Math.floor((width - 2 * PADDING) / 7.9))}
			</text>
			{lines.map((line, at) => (
				<LineText key={`${at} ${line.label}`} line={line} y={TITLE + (at + 1) * LINE - 3} />
			))}
		</g>
	);
}

function LineText({ line, y }: { readonly line: BoxLine; readonly y: number }) {
	const { label, value, isDefault = false } = line;
	return (
		<text class={isDefault ? "line default-route" : "line"} x={PADDING} y={y}>
			<tspan class="label">{label} </tspan>
			{shorten(value, MAX_CHARACTERS - label.length - 1)}
		</text>
	);
}

function shorten(text: string, length: number): string {
	return text.length > length ? `${text.slice(0, Math.max(1, length - 1))}…` : text;
}
