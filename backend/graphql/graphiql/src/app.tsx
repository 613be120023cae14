import { GraphiQL } from "graphiql";
import { useMemo } from "react";

import { EXAMPLES } from "./examples";
import { gatewayFetcher } from "./fetcher";
import { ForgetAnswers } from "./forget-answers";
import { type DemoToken, useIdentity } from "./identity";
import { IdentityBar } from "./identity-bar";

export function App({ demoTokens }: { demoTokens: readonly DemoToken[] }) {
  const identity = useIdentity(demoTokens);
  // A new fetcher makes GraphiQL introspect again: what the docs show is what this user may know.
  const fetcher = useMemo(() => gatewayFetcher(identity.token), [identity.token]);
  return (
    <div className="computor-page">
      <IdentityBar identity={identity} />
      <GraphiQL
        fetcher={fetcher}
        defaultTabs={EXAMPLES}
        defaultEditorToolsVisibility="variables"
        inputValueDeprecation
        schemaDescription
        showPersistHeadersSettings={false}
      >
        <GraphiQL.Logo>
          <span />
        </GraphiQL.Logo>
        <ForgetAnswers token={identity.token} />
      </GraphiQL>
    </div>
  );
}
