import "./plan.css";

import { useMemo, useState } from "react";

import { count, type Load, type Placed, place, type Plan, type Told } from "./plan";

const COLUMN = 250;
const ROW = 74;
const BOX = { width: 200, height: 54 };
const TOP = 56;

/** How the last query was answered: a column for each level, a box for each load. */
export default function PlanView({ told }: { told: Told | null }) {
  if (told === null) return <p className="plan-notice">Run a query: its plan is drawn here.</p>;
  if (told.plan === null) {
    return (
      <p className="plan-notice" role="alert">
        The gateway told no plan: it tells administrators, or everyone where EXPLAIN=everyone is set.
      </p>
    );
  }
  return <Drawn plan={told.plan} operation={told.operation} />;
}

function Drawn({ plan, operation }: { plan: Plan; operation: string | null }) {
  const placed = useMemo(() => place(plan.loads), [plan]);
  const [path, setPath] = useState<string | null>(null);
  const selected = placed.find((each) => each.path === path) ?? placed[0];
  const total = plan.levels.reduce((sum, level) => sum + level.milliseconds, 0);
  const statements = plan.levels.reduce((sum, level) => sum + level.statements, 0);
  const columns = Math.max(plan.levels.length, ...placed.map(({ column }) => column + 1), 1);
  const rows = Math.max(...placed.map(({ row }) => row + 1), 1);
  const size = { width: columns * COLUMN, height: TOP + rows * ROW };
  return (
    <div className="plan-view">
      <div className="plan-drawing">
        <h2>
          {operation ?? "Query"}: {count(statements, "statement")} on {count(plan.levels.length, "level")},{" "}
          {total.toFixed(1)} ms
        </h2>
        <svg {...size} viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label="The plan of the last query">
          {plan.levels.map((level, index) => (
            <g key={index} data-level={index + 1} transform={`translate(${index * COLUMN},0)`}>
              <rect className="plan-column" width={COLUMN - 12} height={size.height} rx="7" />
              <text className="plan-level" x="14" y="20">
                {`Level ${index + 1}: ${level.milliseconds.toFixed(1)} ms`}
              </text>
              <rect className="plan-bar" x="14" y="30" width={BOX.width} height="5" rx="2.5" />
              <rect
                className="plan-bar taken"
                x="14"
                y="30"
                width={total === 0 ? 0 : (level.milliseconds / total) * BOX.width}
                height="5"
                rx="2.5"
              />
            </g>
          ))}
          {placed.map((each) => each.parent !== null && <Line key={each.path} from={each.parent} to={each} />)}
          {placed.map((each) => (
            <Box
              key={each.path}
              placed={each}
              selected={each === selected}
              onSelect={() => setPath(each.path)}
            />
          ))}
        </svg>
      </div>
      <aside className="plan-side" aria-label="Load">
        {selected !== undefined && <Details path={selected.path} load={selected.load} />}
      </aside>
    </div>
  );
}

function corner({ column, row }: Placed): [number, number] {
  return [column * COLUMN + 14, TOP + row * ROW];
}

function Line({ from, to }: { from: Placed; to: Placed }) {
  const [x, y] = corner(from);
  const [toX, toY] = corner(to);
  const [start, startY, endY] = [x + BOX.width, y + BOX.height / 2, toY + BOX.height / 2];
  const middle = (start + toX) / 2;
  return (
    <path
      className="plan-line"
      data-edge={`${from.path} ${to.path}`}
      d={`M${start},${startY} C${middle},${startY} ${middle},${endY} ${toX},${endY}`}
    />
  );
}

function Box({ placed, selected, onSelect }: { placed: Placed; selected: boolean; onSelect(): void }) {
  const { load, path } = placed;
  const [x, y] = corner(placed);
  return (
    <g
      className={`plan-box${selected ? " selected" : ""}`}
      data-load={path}
      role="button"
      tabIndex={0}
      aria-pressed={selected}
      aria-label={path}
      transform={`translate(${x},${y})`}
      onClick={onSelect}
      onKeyDown={(event) => {
        if (event.key === "Enter") onSelect();
      }}
    >
      <rect {...BOX} rx="7" />
      <text x="12" y="21">
        {shortened(load.type === undefined ? load.field : `${load.field}: ${load.type}`, 27)}
      </text>
      <text className="plan-faint" x="12" y="41">
        {[load.kind, ...(load.rows === undefined ? [] : [count(load.rows, "row")]), ...(load.cache ? [load.cache] : [])].join(
          ", ",
        )}
      </text>
    </g>
  );
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function Details({ path, load }: { path: string; load: Load }) {
  return (
    <>
      <h2>{path}</h2>
      <p>
        {load.kind}
        {load.type !== undefined && ` of ${load.type}`}
        {load.parents !== undefined && load.parents > 1 && `, for ${count(load.parents, "object")} at once`}
        {load.cache && `; cache: ${load.cache}`}
      </p>
      {load.statements.length === 0 && <p>It took no statement.</p>}
      {load.statements.map((statement, index) => (
        <section key={index}>
          <h3>
            {statement.for}, {count(statement.rows, "row")}
            {statement.prepared && ", prepared"}
          </h3>
          <pre>{statement.sql}</pre>
        </section>
      ))}
    </>
  );
}
