/** A plan as `extensions.plan` has it: docs/explain.md. */
export interface Plan {
  levels: { statements: number; rows: number; milliseconds: number }[];
  loads: Load[];
}

export interface Load {
  field: string;
  kind: string;
  type?: string;
  level?: number | null;
  parents?: number;
  rows?: number;
  cache?: string | null;
  statements: { for: string; sql: string; prepared: boolean; rows: number }[];
  loads: Load[];
}

/** What the last query that was answered told of its plan: nothing, to those who may not know. */
export interface Told {
  operation: string | null;
  plan: Plan | null;
}

/** A load at its place: the column is its level, from 0 on. */
export interface Placed {
  load: Load;
  path: string;
  column: number;
  row: number;
  parent: Placed | null;
}

/** A row for each load that leads no further; the others stand in the row of the first below them. */
export function place(loads: readonly Load[]): Placed[] {
  const placed: Placed[] = [];
  let row = 0;
  const visit = (load: Load, parent: Placed | null) => {
    const depth = parent === null ? 0 : parent.column + 1;
    const path = parent === null ? load.field : `${parent.path}.${load.field}`;
    const here: Placed = { load, path, column: load.level == null ? depth : load.level - 1, row, parent };
    placed.push(here);
    if (load.loads.length === 0) row += 1;
    for (const below of load.loads) visit(below, here);
  };
  for (const load of loads) visit(load, null);
  return placed;
}

/** A number and what it counts. */
export function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? "" : "s"}`;
}
