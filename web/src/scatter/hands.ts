/** Pointers and wheels on the canvas, told as what they mean. */
import type { Point } from './camera';
import {
  combiningFor, cornersOf, lengthened, SLACK, toolFor, type Combining, type Tool,
} from './gestures'; // prettier-ignore

/** How much nearer one turn of the wheel comes, and a double click. */
const PER_WHEEL_PIXEL = 0.0016;
const PER_DOUBLE_CLICK = 2;
const PIXELS_PER_LINE = 33;
/** A click that is not followed by another for so long is a single one. */
const SINGLE_AFTER_MS = 220;
/** Pixels that an arrow key moves the map. */
const PER_ARROW = 60;
const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [PER_ARROW, 0],
  ArrowRight: [-PER_ARROW, 0],
  ArrowUp: [0, PER_ARROW],
  ArrowDown: [0, -PER_ARROW],
};

export interface HandListeners {
  onDrag(byX: number, byY: number): void;
  onZoom(pixel: Point, factor: number): void;
  /** Where the pointer is while nothing is pressed; null: elsewhere. */
  onPointer(pixel: Point | null): void;
  onClick(pixel: Point): void;
  /** What is being drawn, in pixels; empty: nothing. */
  onOutline(path: readonly Point[]): void;
  onDrawn(path: readonly Point[], how: Combining): void;
}

interface Gesture {
  readonly tool: Tool;
  readonly pointerId: number;
  readonly from: Point;
  last: Point;
  path: readonly Point[];
  hasMoved: boolean;
}

export class Hands {
  tool: Tool = 'pan';
  private gesture: Gesture | null = null;
  private clickTimer = 0;
  private readonly stop = new AbortController();

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly listeners: HandListeners,
  ) {
    const { signal } = this.stop;
    canvas.addEventListener('pointerdown', this.press, { signal });
    canvas.addEventListener('mousedown', leaveFields, { signal });
    canvas.addEventListener('pointermove', this.move, { signal });
    canvas.addEventListener('pointerup', this.lift, { signal });
    canvas.addEventListener('pointercancel', () => this.abort(), { signal });
    canvas.addEventListener('pointerleave', () => this.listeners.onPointer(null), { signal });
    canvas.addEventListener('wheel', this.turn, { signal, passive: false });
    canvas.addEventListener('dblclick', this.doubleClick, { signal });
    canvas.addEventListener('keydown', this.key, { signal });
    // Ctrl and a click is a right click on some machines, where it adds.
    canvas.addEventListener('contextmenu', (event) => event.ctrlKey && event.preventDefault(), { signal });
  }

  destroy(): void {
    this.stop.abort();
    window.clearTimeout(this.clickTimer);
  }

  /** Break off a gesture; whether there was one. */
  abort(): boolean {
    const was = this.gesture !== null;
    this.gesture = null;
    this.listeners.onOutline([]);
    return was;
  }

  private readonly press = (event: PointerEvent): void => {
    window.clearTimeout(this.clickTimer);
    if (event.button !== 0 || this.gesture !== null) return;
    const from = this.pixelOf(event);
    const { pointerId } = event;
    this.gesture = {
      tool: toolFor(this.tool, event),
      pointerId,
      from,
      last: from,
      path: [from],
      hasMoved: false,
    };
    this.canvas.setPointerCapture(pointerId);
    this.listeners.onPointer(null);
  };

  private readonly move = (event: PointerEvent): void => {
    const { gesture } = this;
    const pixel = this.pixelOf(event);
    if (gesture === null) {
      this.listeners.onPointer(pixel);
      return;
    }
    if (event.pointerId !== gesture.pointerId) return;
    if (!gesture.hasMoved && distance(gesture.from, pixel) < SLACK) return;
    gesture.hasMoved = true;
    if (gesture.tool === 'pan') {
      this.listeners.onDrag(pixel.x - gesture.last.x, pixel.y - gesture.last.y);
      gesture.last = pixel;
      return;
    }
    gesture.path =
      gesture.tool === 'rectangle' ? cornersOf(gesture.from, pixel) : lengthened(gesture.path, pixel);
    this.listeners.onOutline(gesture.path);
  };

  private readonly lift = (event: PointerEvent): void => {
    const { gesture } = this;
    if (gesture === null || event.pointerId !== gesture.pointerId) return;
    this.gesture = null;
    if (!gesture.hasMoved) {
      this.clickTimer = window.setTimeout(() => this.listeners.onClick(gesture.from), SINGLE_AFTER_MS);
      return;
    }
    if (gesture.tool !== 'pan') this.listeners.onDrawn(gesture.path, combiningFor(event));
  };

  private readonly turn = (event: WheelEvent): void => {
    event.preventDefault();
    const pixels =
      event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * PIXELS_PER_LINE : event.deltaY;
    this.listeners.onZoom(this.pixelOf(event), Math.exp(-pixels * PER_WHEEL_PIXEL));
  };

  private readonly doubleClick = (event: MouseEvent): void => {
    window.clearTimeout(this.clickTimer);
    this.listeners.onZoom(this.pixelOf(event), event.altKey ? 1 / PER_DOUBLE_CLICK : PER_DOUBLE_CLICK);
  };

  private readonly key = (event: KeyboardEvent): void => {
    const by = ARROWS[event.key];
    if (by === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.listeners.onDrag(...by);
  };

  private pixelOf(event: MouseEvent): Point {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}

/** Whoever takes the map in hand is done with the field before it; only a keyboard puts the focus on the map itself. */
function leaveFields(event: MouseEvent): void {
  event.preventDefault();
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
