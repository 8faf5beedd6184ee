/** The walk: what the guest gets of a document by cloud-init's own files, compared with what the check says. */
import { describe, expect, it } from "vitest";
import { check } from "../../src/check/index.ts";
import { type Aspect, readMeanings } from "../check/aspects.ts";
import { claimedAspects } from "../check/claims.ts";
import { RENDERERS } from "../check/cloud-init.ts";
import { digestOf, STEPS } from "../check/fates.ts";
import { MEANING_EXCEPTIONS } from "../check/meaning-exceptions.ts";

describe.for([...readMeanings()])("the files of cloud-init %s, as recorded", ([version, meanings]) => {
	it("differ from the document only where the check says so", { tags: ["slow"], timeout: 600_000 }, () => {
		let cells = 0;
		const differences = STEPS.flatMap(({ title, document }) => {
			const recorded = meanings.get(digestOf(document));
			if (!recorded) return [];
			const findings = check(document, { clients: [`cloud-init@${version}`] });
			return RENDERERS.flatMap((renderer, index) => {
				const text = recorded[index] ?? "?";
				if (text === "?") return [];
				cells++;
				const differing = (text === "-" ? [] : text.split("+")) as Aspect[];
				const { explained, promised } = claimedAspects(findings, renderer);
				// A link that is missing, or cannot be read, has nothing to be seen.
				const isSeen = !differing.includes("link") && !differing.includes("unreadable");
				const missed = differing.filter((aspect) => !explained.has(aspect)).map((aspect) => `missed: ${aspect}`);
				const alarms = [...promised].filter(([, aspect]) => isSeen && !differing.includes(aspect));
				return [...missed, ...alarms.map(([rule]) => `false alarm: ${rule}`)].map(
					(what) => `${renderer}: ${title}: ${what}`,
				);
			});
		});
		const unexplained = differences.filter(
			(cell) => !MEANING_EXCEPTIONS.some((exception) => exception.cell.test(cell)),
		);
		console.log(
			`cloud-init ${version}: ${cells} cells, ${unexplained.length} differences (${differences.length} known)`,
		);
		expect(unexplained).toEqual([]);
	});
});
