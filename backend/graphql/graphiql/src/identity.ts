import { useMemo, useState } from "react";

/** A user of the demo data, as the gateway hands them to its own machine. */
export interface DemoToken {
  name: string;
  title: string;
  token: string;
}

/** The choice that stands for the token that was pasted. */
export const OWN = "own token";

/** Who is asking, and how that is changed. */
export interface Identity {
  demoTokens: readonly DemoToken[];
  /** The name of a demo user, or `OWN`. */
  choice: string;
  token: string | null;
  ownToken: string | null;
  choose(choice: string): void;
  /** Keeps a token for the next visit; null forgets it. */
  keepOwnToken(token: string | null): void;
}

const CHOICE_KEY = "computor:identity";
const OWN_TOKEN_KEY = "computor:token";

/** The demo tokens; empty where the gateway gives none, which is the rule outside demo data on one's own machine. */
export async function fetchDemoTokens(): Promise<readonly DemoToken[]> {
  try {
    const response = await fetch("/graphiql/demo-tokens.json");
    if (!response.ok) return [];
    const payload = (await response.json()) as { tokens: DemoToken[] };
    return payload.tokens;
  } catch {
    // Without demo tokens the page is whole: one pastes a token.
    return [];
  }
}

export function useIdentity(demoTokens: readonly DemoToken[]): Identity {
  const [wanted, setWanted] = useState(() => localStorage.getItem(CHOICE_KEY));
  const [ownToken, setOwnToken] = useState(() => localStorage.getItem(OWN_TOKEN_KEY));
  return useMemo(() => {
    const demo = demoTokens.find(({ name }) => name === wanted) ?? (wanted === OWN ? undefined : demoTokens[0]);
    return {
      demoTokens,
      choice: demo?.name ?? OWN,
      token: demo?.token ?? ownToken,
      ownToken,
      choose(choice) {
        localStorage.setItem(CHOICE_KEY, choice);
        setWanted(choice);
      },
      keepOwnToken(token) {
        if (token === null) localStorage.removeItem(OWN_TOKEN_KEY);
        else localStorage.setItem(OWN_TOKEN_KEY, token);
        setOwnToken(token);
      },
    };
  }, [demoTokens, wanted, ownToken]);
}
