/** Describes where an effect occurs: from single cells to ranges of versions and lists of renderers. */
import type { Cell } from "./clients/cell.ts";
import type { EffectScope } from "./finding.ts";
import type { Target } from "./targets.ts";
import { describeRange, type VersionRange } from "./versions.ts";

/**
 * @param cells those of the target in which the effect occurs, at least one
 * @returns undefined when they are all of the target's
 */
export function scopesOf(target: Target, cells: ReadonlySet<Cell>): readonly EffectScope[] | undefined {
	if (cells.size === target.cells.length) return undefined;
	const scopes = new Map<string, { range: VersionRange; renderers: string[] }>();
	for (const renderer of target.renderers) {
		for (const range of rangesOf(target, cells, renderer)) {
			const scope = scopes.get(describeRange(range));
			if (scope) scope.renderers.push(renderer);
			else scopes.set(describeRange(range), { range, renderers: [renderer] });
		}
	}
	return [...scopes.values()].map(({ range, renderers }) => ({
		...range,
		...(renderers.length < target.renderers.length && { renderers }),
	}));
}

/** The ranges of versions in which the effect occurs with a renderer. */
function rangesOf({ versions, cells }: Target, hit: ReadonlySet<Cell>, renderer: string): VersionRange[] {
	const isHit = versions.map((version) =>
		cells.some((cell) => cell.version === version && cell.renderer === renderer && hit.has(cell)),
	);
	return versions.flatMap((since, index) => {
		if (!isHit[index] || isHit[index - 1]) return [];
		const end = isHit.indexOf(false, index);
		const until = end < 0 ? undefined : versions[end];
		return [{ ...(index > 0 && { since }), ...(until !== undefined && { until }) }];
	});
}

/** In words: `before 24.3 with netplan, eni; 24.3 and later with eni`; empty if there is no restriction. */
export function describeScopes(scopes: readonly EffectScope[] = []): string {
	const words = ({ renderers, ...range }: EffectScope) =>
		[describeRange(range), renderers && `with ${renderers.join(", ")}`].filter(Boolean).join(" ");
	return scopes.map(words).filter(Boolean).join("; ");
}
