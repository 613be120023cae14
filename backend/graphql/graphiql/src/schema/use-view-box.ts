import { type PointerEvent, useCallback, useEffect, useRef, useState } from "react";

interface ViewBox {
  x: number;
  y: number;
  width: number;
  height: number;
}

const STEP = 1.2;
const NEAREST = 0.15;
const FARTHEST = 2;

/** What of a drawing is seen: moved by dragging, and brought nearer by the wheel or by buttons. */
export function useViewBox(width: number, height: number) {
  const whole = { x: 0, y: 0, width, height };
  const [box, setBox] = useState<ViewBox>(whole);
  const svg = useRef<SVGSVGElement>(null);
  const grip = useRef<{ x: number; y: number; box: ViewBox } | null>(null);

  /** By a factor, around a point in parts of what is seen. */
  const zoom = useCallback(
    (factor: number, x = 0.5, y = 0.5) =>
      setBox((now) => {
        const scale = Math.min(width * FARTHEST, Math.max(width * NEAREST, now.width * factor)) / now.width;
        return {
          x: now.x + now.width * (1 - scale) * x,
          y: now.y + now.height * (1 - scale) * y,
          width: now.width * scale,
          height: now.height * scale,
        };
      }),
    [width],
  );

  useEffect(() => {
    const element = svg.current;
    if (element === null) return;
    // React's own listener is passive: the page would scroll as well.
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      const area = element.getBoundingClientRect();
      const x = (event.clientX - area.left) / area.width;
      const y = (event.clientY - area.top) / area.height;
      zoom(event.deltaY > 0 ? STEP : 1 / STEP, x, y);
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => element.removeEventListener("wheel", turn);
  }, [zoom]);

  return {
    svg,
    viewBox: `${box.x} ${box.y} ${box.width} ${box.height}`,
    nearer: () => zoom(1 / STEP),
    farther: () => zoom(STEP),
    fit: () => setBox(whole),
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        grip.current = { x: event.clientX, y: event.clientY, box };
      },
      onPointerMove: (event: PointerEvent) => {
        const held = grip.current;
        const matrix = svg.current?.getScreenCTM();
        if (held === null || !matrix || event.buttons === 0) return;
        const moved = { x: (event.clientX - held.x) / matrix.a, y: (event.clientY - held.y) / matrix.d };
        setBox({ ...held.box, x: held.box.x - moved.x, y: held.box.y - moved.y });
      },
      onPointerUp: () => {
        grip.current = null;
      },
    },
  };
}
