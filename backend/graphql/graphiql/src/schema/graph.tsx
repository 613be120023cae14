import { memo } from "react";

import type { Drawing } from "./layout";
import { useViewBox } from "./use-view-box";

interface Props {
  drawing: Drawing;
  selected: string | null;
  /** What stands out besides: the names that were searched for. */
  found: ReadonlySet<string>;
  onSelect(name: string | null): void;
}

/** The drawing: boxes for entities, lines from those that hold a key to those that it leads to. */
export function SchemaGraph({ drawing, selected, found, onSelect }: Props) {
  const { svg, viewBox, nearer, farther, fit, handlers } = useViewBox(drawing.width, drawing.height);
  return (
    <div className="schema-graph">
      <svg ref={svg} viewBox={viewBox} role="img" aria-label="Entities and the relations between them" {...handlers}>
        <Shapes drawing={drawing} selected={selected} found={found} onSelect={onSelect} />
      </svg>
      <div className="schema-zoom">
        <button type="button" aria-label="Nearer" onClick={nearer}>
          +
        </button>
        <button type="button" aria-label="Farther" onClick={farther}>
          −
        </button>
        <button type="button" onClick={fit}>
          Fit
        </button>
      </div>
    </div>
  );
}

// Moving the drawing changes nothing in it.
const Shapes = memo(function Shapes({ drawing, selected, found, onSelect }: Props) {
  const near = new Set(
    drawing.lines.flatMap(({ source, target }) =>
      source === selected || target === selected ? [source, target] : [],
    ),
  );
  const touches = (line: { source: string; target: string }) => line.source === selected || line.target === selected;
  // Lines that stand out lie above the others.
  const lines = [...drawing.lines].sort((one, other) => Number(touches(one)) - Number(touches(other)));
  const look = (name: string) => {
    if (name === selected) return "selected";
    if (selected === null) return found.size === 0 ? "" : found.has(name) ? "found" : "faint";
    return near.has(name) ? "near" : "faint";
  };
  return (
    <>
      <defs>
        <marker id="schema-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0,0 8,4 0,8z" className="schema-arrow" />
        </marker>
      </defs>
      {lines.map((line) => (
        <path
          key={`${line.source} ${line.target}`}
          data-edge={`${line.source} ${line.target}`}
          className={`schema-line ${touches(line) ? "near" : selected === null ? "" : "faint"}`}
          d={line.path}
          markerEnd="url(#schema-arrow)"
        >
          <title>{`${line.source}.${line.fields.join(", ")}: ${line.target}`}</title>
        </path>
      ))}
      {drawing.boxes.map(({ name, x, y, width, height }) => (
        <g
          key={name}
          data-entity={name}
          className={`schema-box ${look(name)}`}
          role="button"
          tabIndex={0}
          aria-pressed={name === selected}
          aria-label={name}
          transform={`translate(${x - width / 2},${y - height / 2})`}
          onClick={() => onSelect(name === selected ? null : name)}
          onKeyDown={(event) => {
            if (event.key === "Enter") onSelect(name);
          }}
        >
          <rect width={width} height={height} rx="7" />
          <text x={width / 2} y={height / 2}>
            {name}
          </text>
        </g>
      ))}
    </>
  );
});
