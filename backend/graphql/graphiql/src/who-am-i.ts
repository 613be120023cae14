import { useEffect, useState } from "react";

import { postRequest } from "./fetcher";

/** What the gateway says of a token's holder. */
export type WhoAmI = { kind: "asking" } | { kind: "nobody" } | { kind: "known"; name: string } | { kind: "refused"; message: string };

const QUERY = "query WhoAmI { me { fullName } }";

export function useWhoAmI(token: string | null): WhoAmI {
  const [answer, setAnswer] = useState<WhoAmI>({ kind: "asking" });
  useEffect(() => {
    if (token === null) {
      setAnswer({ kind: "nobody" });
      return;
    }
    let stale = false;
    setAnswer({ kind: "asking" });
    void askWho(token).then((found) => {
      if (!stale) setAnswer(found);
    });
    return () => {
      stale = true;
    };
  }, [token]);
  return answer;
}

async function askWho(token: string): Promise<WhoAmI> {
  try {
    const { data, errors } = await postRequest(token, { query: QUERY, operationName: "WhoAmI" });
    const message = errors?.[0]?.message;
    if (message !== undefined) return { kind: "refused", message };
    const me = data?.["me"] as { fullName: string | null } | null | undefined;
    return { kind: "known", name: me?.fullName ?? "" };
  } catch (error) {
    return { kind: "refused", message: error instanceof Error ? error.message : String(error) };
  }
}
