import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** What is too large for the window, scrolled in a frame that fades where there is more. */
export function Scroller({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
	const box = useRef<HTMLElement>(null);
	const [more, setMore] = useState("");
	const look = () => {
		if (box.current === null) return;
		const { scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight } = box.current;
		const isMoreRight = scrollLeft + clientWidth < scrollWidth - 1;
		const isMoreBelow = scrollTop + clientHeight < scrollHeight - 1;
		setMore(`${isMoreRight ? "right" : ""} ${isMoreBelow ? "below" : ""}`);
	};
	useEffect(() => {
		const observer = new ResizeObserver(look);
		if (box.current !== null) observer.observe(box.current);
		return () => observer.disconnect();
	}, []);
	useEffect(look, [children]);
	return (
		<div class="frame" data-more={more}>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: it has to be scrolled with the keyboard */}
			<section ref={box} class="picture" aria-label={label} tabIndex={0} onScroll={look}>
				{children}
			</section>
		</div>
	);
}
