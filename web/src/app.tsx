import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { VIEWS, type ViewPath } from "../../src/http/operator/views.ts";
import { type Analysis, sendText } from "./lib/api.ts";
import { isLive, startEvents, stopEvents } from "./lib/events.ts";
import { Link, place } from "./lib/router.tsx";
import { session } from "./lib/session.ts";
import { Loading, Problem } from "./parts/basics.tsx";
import { CloudView } from "./views/cloud.tsx";
import { InstanceView } from "./views/instance.tsx";
import { InstancesView } from "./views/instances.tsx";
import { RefusalsView } from "./views/refusals.tsx";
import { SignInView } from "./views/sign-in.tsx";
import { TryView } from "./views/try.tsx";

const COMPONENTS: Readonly<Record<ViewPath, ComponentType>> = {
	"/": InstancesView,
	"/refusals": RefusalsView,
	"/cloud": CloudView,
	"/try": () => <TryView analyze={analyze} />,
};

export function App() {
	const current = session.current.value;
	const isSignedIn = current?.role !== undefined && current.role !== null;
	useEffect(() => {
		session.load();
	}, []);
	useEffect(() => {
		if (isSignedIn) startEvents();
		else stopEvents();
	}, [isSignedIn]);
	return (
		<>
			<Header isSignedIn={isSignedIn} />
			{session.problem.value !== undefined && (
				<main>
					<Problem message={session.problem.value} />
				</main>
			)}
			{current === undefined ? (
				session.problem.value === undefined && <Loading />
			) : isSignedIn ? (
				<View />
			) : (
				<SignInView />
			)}
		</>
	);
}

function Header({ isSignedIn }: { readonly isSignedIn: boolean }) {
	const { path } = place.value;
	const isCurrent = (href: string) => path === href || (href === "/" && path.startsWith("/instances/"));
	return (
		<header>
			<Link href="/" class="brand">
				Guestwire
			</Link>
			{isSignedIn && (
				<nav aria-label="Views">
					{Object.entries(VIEWS).map(([href, title]) => (
						<Link key={href} href={href} current={isCurrent(href)}>
							{title}
						</Link>
					))}
				</nav>
			)}
			<span class="spacer" />
			{isSignedIn && <span class={isLive.value ? "live on" : "live"}>{isLive.value ? "live" : "connecting"}</span>}
			{isSignedIn && session.current.value?.needsToken && (
				<button type="button" onClick={session.signOut}>
					Sign out
				</button>
			)}
		</header>
	);
}

function View() {
	const { path } = place.value;
	const [, id] = /^\/instances\/([^/]+)$/.exec(path) ?? [];
	if (id !== undefined) return <InstanceView key={id} id={decodeURIComponent(id)} />;
	const Current = COMPONENTS[isView(path) ? path : "/"];
	return <Current />;
}

function isView(path: string): path is ViewPath {
	return Object.hasOwn(VIEWS, path);
}

async function analyze(text: string): Promise<Analysis> {
	return (await sendText("/api/try", text)).json();
}
