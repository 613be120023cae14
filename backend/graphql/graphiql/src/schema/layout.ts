import { graphlib, layout } from "@dagrejs/dagre";

import type { Entity, Link } from "./entities";

export interface Box {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line extends Link {
  path: string;
}

export interface Drawing {
  width: number;
  height: number;
  boxes: Box[];
  lines: Line[];
}

const BOX_HEIGHT = 34;
const LETTER_WIDTH = 8.6;
const BOX_PADDING = 18;
const MARGIN = 16;

/** Where everything lies: what others belong to on the left, and lines that go round the boxes. */
export function arrange(entities: ReadonlyMap<string, Entity>, links: readonly Link[]): Drawing {
  const graph = new graphlib.Graph({ directed: true });
  graph.setGraph({ rankdir: "LR", nodesep: 26, edgesep: 12, ranksep: 30, marginx: MARGIN, marginy: MARGIN });
  for (const { name } of entities.values()) {
    graph.setNode(name, { width: name.length * LETTER_WIDTH + BOX_PADDING, height: BOX_HEIGHT });
  }
  for (const { source, target } of links) graph.setEdge(target, source, {});
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    width,
    height,
    boxes: graph.nodes().map((name) => ({ name, ...(graph.node(name) as Omit<Box, "name">) })),
    lines: links.map((link) => {
      const { points } = graph.edge(link.target, link.source) as { points: Point[] };
      return { ...link, path: curve([...points].reverse()) };
    }),
  };
}

interface Point {
  x: number;
  y: number;
}

/** Through the middles between the points, bent towards them. */
function curve(points: Point[]): string {
  const [first, ...rest] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return "";
  const bends = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? last;
    const end = index === rest.length - 2 ? next : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${point.x},${point.y} ${end.x},${end.y}`;
  });
  return `M${first.x},${first.y} ${bends.length > 0 ? bends.join(" ") : `L${last.x},${last.y}`}`;
}
