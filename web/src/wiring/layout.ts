/** Where the boxes and lines of the picture are. */
import { Graph, layout, type RankerFunction } from "@dagrejs/dagre";
import type { Box, Picture } from "./model.ts";

export interface PlacedBox extends Box {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

export interface Layout {
	readonly width: number;
	readonly height: number;
	readonly boxes: readonly PlacedBox[];
	/** SVG paths. */
	readonly edges: readonly string[];
}

/** Pixels of a character in the picture's fixed-width font of 12 pixels, and of a line. */
const CHARACTER = 7.25;
export const LINE = 17;
export const PADDING = 10;
export const TITLE = 20;
const MIN_WIDTH = 110;
/** Characters of a line; the rest is in its tooltip. */
export const MAX_CHARACTERS = 44;

/** dagre sorts names that look like numbers, and has some of its own. */
const nameOf = (id: string) => `box ${id}`;

export function layOut({ boxes, edges }: Picture): Layout {
	const graph = new Graph();
	// dagre takes a function, too, which its types do not say.
	const ranker = rankFromTheLeft as never;
	graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 56, marginx: 4, marginy: 4, ranker });
	graph.setDefaultEdgeLabel(() => ({}));
	const sizes = new Map(boxes.map((box) => [box.id, sizeOf(box)]));
	for (const { id } of boxes) graph.setNode(nameOf(id), { ...sizes.get(id) });
	for (const { from, to } of edges) {
		if (sizes.has(from) && sizes.has(to)) graph.setEdge(nameOf(from), nameOf(to));
	}
	// Its search for fewer crossings turns the order around where there are none.
	layout(graph, { disableOptimalOrderHeuristic: true });
	const placed = boxes.map((box): PlacedBox => {
		const { x = 0, y = 0, width, height } = graph.node(nameOf(box.id)) as Required<Size> & { x?: number; y?: number };
		return { ...box, x: x - width / 2, y: y - height / 2, width, height };
	});
	const byId = new Map(placed.map((box) => [box.id, box]));
	const paths = edges.flatMap(({ from, to }) => {
		const [a, b] = [byId.get(from), byId.get(to)];
		return a && b ? [curve(a, b)] : [];
	});
	const right = Math.max(0, ...placed.map(({ x, width }) => x + width));
	const bottom = Math.max(0, ...placed.map(({ y, height }) => y + height));
	return { width: right + 4, height: bottom + 4, boxes: placed, edges: paths };
}

/** A box is one column right of what leads to it. dagre's own rankers move a NIC beside a bond to the right. */
const rankFromTheLeft: RankerFunction = (graph) => {
	const rankOf = (name: string): number => {
		const node = graph.node(name);
		const before = graph.inEdges(name) ?? [];
		node.rank ??= Math.max(0, ...before.map((edge) => rankOf(edge.v) + (graph.edge(edge).minlen ?? 1)));
		return node.rank;
	};
	for (const name of graph.nodes()) rankOf(name);
};

interface Size {
	readonly width: number;
	readonly height: number;
}

function sizeOf({ title, lines }: Box): Size {
	const characters = Math.max(title.length * 1.1, ...lines.map(({ label, value }) => label.length + 1 + value.length));
	const width = Math.max(MIN_WIDTH, Math.min(characters, MAX_CHARACTERS) * CHARACTER + 2 * PADDING);
	return { width, height: TITLE + lines.length * LINE + PADDING };
}

/** From the right side of a box to the left side of another one. */
function curve(from: PlacedBox, to: PlacedBox): string {
	const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
	const [x2, y2] = [to.x, to.y + to.height / 2];
	const middle = (x1 + x2) / 2;
	return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}
