import { GraphiQL } from "graphiql";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";

import { EXAMPLES } from "./examples";
import { gatewayFetcher } from "./fetcher";
import { ForgetAnswers } from "./forget-answers";
import { type DemoToken, useIdentity } from "./identity";
import { IdentityBar } from "./identity-bar";
import type { Told } from "./plan/plan";
import { type View, Views } from "./views";

// Loaded when they are first opened: whoever asks queries needs none of it.
const PlanView = lazy(() => import("./plan/plan-view"));
const SchemaView = lazy(() => import("./schema/schema-view"));

export function App({ demoTokens }: { demoTokens: readonly DemoToken[] }) {
  const identity = useIdentity(demoTokens);
  const [told, setTold] = useState<Told | null>(null);
  // A new fetcher makes GraphiQL introspect again: what the docs show is what this user may know.
  const fetcher = useMemo(() => gatewayFetcher(identity.token, setTold), [identity.token]);
  // What another user was told is theirs.
  useEffect(() => setTold(null), [identity.token]);
  const [view, setView] = useState<View>("queries");
  return (
    <div className="computor-page" data-view={view}>
      <IdentityBar identity={identity}>
        <Views view={view} onChange={setView} />
      </IdentityBar>
      {view === "plan" && (
        <Suspense fallback={null}>
          <PlanView told={told} />
        </Suspense>
      )}
      {view === "schema" && (
        <Suspense fallback={null}>
          <SchemaView token={identity.token} />
        </Suspense>
      )}
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
