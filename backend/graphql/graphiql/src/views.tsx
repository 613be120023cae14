/** What the page shows below the bar. */
export type View = "queries" | "plan" | "schema";

const TITLES: Record<View, string> = { queries: "Queries", plan: "Plan", schema: "Schema" };

/** The switch between them. */
export function Views({ view, onChange }: { view: View; onChange(view: View): void }) {
  return (
    <nav className="computor-views" aria-label="Views">
      {(Object.keys(TITLES) as View[]).map((each) => (
        <button key={each} type="button" aria-pressed={each === view} onClick={() => onChange(each)}>
          {TITLES[each]}
        </button>
      ))}
    </nav>
  );
}
