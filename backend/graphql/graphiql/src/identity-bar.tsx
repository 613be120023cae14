import { type ReactNode, type SubmitEvent, useId, useState } from "react";

import { type Identity, OWN } from "./identity";
import { useWhoAmI } from "./who-am-i";

/** The bar on top: the product's name, what is put into it, who is asking, and the means to ask as someone else. */
export function IdentityBar({ identity, children }: { identity: Identity; children: ReactNode }) {
  const pickerId = useId();
  const { demoTokens, choice, choose } = identity;
  return (
    <header className="computor-bar">
      <Mark />
      <h1>
        Computor <span>GraphQL</span>
      </h1>
      {children}
      <Status token={identity.token} />
      {choice === OWN && <OwnToken identity={identity} />}
      {demoTokens.length > 0 && (
        <>
          <label htmlFor={pickerId}>Ask as</label>
          <select id={pickerId} value={choice} onChange={(event) => choose(event.target.value)}>
            {demoTokens.map(({ name, title }) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
            <option value={OWN}>Own token…</option>
          </select>
        </>
      )}
    </header>
  );
}

function Status({ token }: { token: string | null }) {
  const who = useWhoAmI(token);
  switch (who.kind) {
    case "asking":
      return <p className="computor-status" role="status" />;
    case "nobody":
      return (
        <p className="computor-status" role="status">
          Paste a token to sign in; <code>computor token create --user NAME</code> prints one.
        </p>
      );
    case "known":
      return (
        <p className="computor-status computor-known" role="status" title={who.name}>
          {who.name || "Signed in"}
        </p>
      );
    case "refused":
      return (
        <p className="computor-status computor-refused" role="alert" title={who.message}>
          {who.message}
        </p>
      );
  }
}

function OwnToken({ identity }: { identity: Identity }) {
  const { ownToken, keepOwnToken } = identity;
  const [draft, setDraft] = useState("");
  const use = (event: SubmitEvent) => {
    event.preventDefault();
    const token = draft.trim();
    if (token !== "") keepOwnToken(token);
    setDraft("");
  };
  return (
    <form className="computor-own-token" onSubmit={use}>
      <input
        type="password"
        aria-label="API token"
        autoComplete="off"
        spellCheck={false}
        placeholder={ownToken === null ? "API token" : "Another API token"}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
      />
      <button type="submit" disabled={draft.trim() === ""}>
        Use
      </button>
      {ownToken !== null && (
        <button type="button" onClick={() => keepOwnToken(null)}>
          Forget
        </button>
      )}
    </form>
  );
}

function Mark() {
  return (
    <svg className="computor-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#4f46e5" />
      <path d="M16 8v7M16 15l-7 7M16 15l7 7" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" />
      <g fill="#fff">
        <circle cx="16" cy="8" r="3.4" />
        <circle cx="9" cy="23" r="3.4" />
        <circle cx="23" cy="23" r="3.4" />
      </g>
    </svg>
  );
}
