import { useState } from "preact/hooks";
import { session } from "../lib/session.ts";
import { Main, Problem } from "../parts/basics.tsx";

/** The token becomes a cookie that no script can read. It is kept nowhere else. */
export function SignInView() {
	const [token, setToken] = useState("");
	const [error, setError] = useState<string>();
	const submit = async (event: SubmitEvent) => {
		event.preventDefault();
		try {
			await session.signIn(token);
		} catch (reason) {
			setError((reason as Error).message);
		}
		setToken("");
	};
	return (
		<Main title="Sign in" class="narrow">
			<h1>Sign in</h1>
			{error !== undefined && <Problem message={error} />}
			<form onSubmit={submit}>
				<label>
					Token
					<input
						type="password"
						autocomplete="current-password"
						required
						value={token}
						onInput={({ currentTarget }) => setToken(currentTarget.value)}
					/>
				</label>
				<button type="submit" class="primary">
					Sign in
				</button>
			</form>
			<p class="muted">
				The token is in the file that <code>operator.tokenFile</code> or <code>operator.readTokenFile</code> names in
				Guestwire's configuration.
			</p>
		</Main>
	);
}
