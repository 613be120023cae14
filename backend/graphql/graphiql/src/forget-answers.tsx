import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useRef } from "react";

/** Empties the answers of all tabs when the user changes: what one may see must not look like another's view. */
export function ForgetAnswers({ token }: { token: string | null }) {
  const { tabs, activeTabIndex, responseEditor } = useGraphiQL(({ tabs, activeTabIndex, responseEditor }) => ({
    tabs,
    activeTabIndex,
    responseEditor,
  }));
  const { moveTab, stop } = useGraphiQLActions();
  const answeredTo = useRef(token);
  useEffect(() => {
    if (answeredTo.current === token) return;
    answeredTo.current = token;
    stop();
    // The active tab stays the same object: GraphiQL finds it again by identity, and its editors hold what it shows.
    moveTab(tabs.map((tab, index) => (index === activeTabIndex ? tab : { ...tab, response: null })));
    responseEditor?.setValue("");
  }, [token, tabs, activeTabIndex, responseEditor, moveTab, stop]);
  return null;
}
