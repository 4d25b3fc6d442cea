/** The map on the screen: points, what is drawn over them, and the hands that move and draw. Knows nothing of React. */
import type { Bitmap } from '@/model/bitmap';
import {
  boundsOf, dragged, fitting, toMap, toScreen, zoomed, type Point, type Size, type View,
} from './camera'; // prettier-ignore
import { Hands } from './hands';
import type { Combining, Tool } from './gestures';
import { Overlay, type Ring } from './overlay';
import { PointIndex } from './pointIndex';
import type { Points, PointStates } from './pointStates';
import { Renderer, type FrameCounts } from './renderer';

/** CSS pixels from the pointer within which a point is found. */
const REACH = 14;
/** More device pixels than these per CSS pixel are seen by nobody. */
const MOST_RATIO = 2;

export interface Hovered {
  /** The number of the point. */
  readonly point: number;
  /** Where it is, in CSS pixels of the canvas. */
  readonly at: Point;
}

export interface SurfaceListeners {
  /** The point under the pointer, or none. */
  onHover(hovered: Hovered | null): void;
  onClick(point: number | null): void;
  /** Samples have been drawn around; `took` is in milliseconds since the hand was lifted. */
  onDrawn(samples: Bitmap, how: Combining, polygon: readonly Point[]): void;
  onView(view: View): void;
  onFrame(isComplete: boolean): void;
}

export class MapSurface {
  readonly renderer: Renderer;
  private readonly index = new PointIndex();
  private readonly overlay: Overlay;
  private readonly hands: Hands;
  private readonly sizes: ResizeObserver;
  private points: Points = { x: new Float32Array(), y: new Float32Array(), samples: new Uint32Array() };
  private size: Size = { width: 1, height: 1 };
  private view: View = { x: 0, y: 0, scale: 1 };
  private whole: View = this.view;
  /** The view is the one that fits, and goes on to fit when the window changes. */
  private isFitting = true;
  private marks: readonly { kind: Ring['kind']; point: number }[] = [];
  private hovered: number | null = null;
  private hoverTurn = 0;

  /** Throws if the browser has no WebGL 2. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    overlay: SVGSVGElement,
    private readonly listeners: SurfaceListeners,
  ) {
    this.renderer = new Renderer(canvas, (isComplete) => listeners.onFrame(isComplete));
    this.overlay = new Overlay(overlay);
    this.hands = new Hands(canvas, {
      onDrag: (byX, byY) => this.moveTo(dragged(this.view, byX, byY)),
      onZoom: (pixel, factor) => this.zoom(factor, pixel),
      onPointer: (pixel) => void this.hover(pixel),
      onClick: (pixel) => void this.find(pixel).then((point) => listeners.onClick(point)),
      onOutline: (path) => this.overlay.outlineAlong(path),
      onDrawn: (path, how) => void this.pickInside(path, how),
    });
    this.sizes = new ResizeObserver(() => this.measure());
    this.sizes.observe(canvas);
    this.measure();
  }

  destroy(): void {
    this.sizes.disconnect();
    this.hands.destroy();
    this.index.destroy();
    this.renderer.destroy();
  }

  /** Show other points, from a view or as they fit. */
  setPoints(points: Points, view: View | null): void {
    this.points = points;
    this.index.setPoints(points);
    this.renderer.setPoints(points);
    this.whole = fitting(boundsOf(points.x, points.y), this.size);
    this.isFitting = view === null;
    this.mark([]);
    this.clearHover();
    this.show(view ?? this.whole);
  }

  setStates(states: PointStates): void {
    this.renderer.setStates(states);
    this.index.setStates(states.bytes);
    this.clearHover();
  }

  setTool(tool: Tool): void {
    this.hands.tool = tool;
  }

  /** Put rings around points. */
  mark(marks: readonly { kind: Ring['kind']; point: number }[]): void {
    this.marks = marks;
    this.drawMarks();
  }

  fit(): void {
    this.isFitting = true;
    this.show(this.whole);
    this.listeners.onView(this.view);
  }

  /** Come nearer by a factor, to a pixel or to the middle. */
  zoom(factor: number, pixel: Point = { x: this.size.width / 2, y: this.size.height / 2 }): void {
    this.moveTo(zoomed(this.view, this.size, pixel, factor, this.whole));
  }

  /** Move by pixels. */
  pan(byX: number, byY: number): void {
    this.moveTo(dragged(this.view, byX, byY));
  }

  /** Bring a point into sight if it is not. */
  reveal(point: number): void {
    const { x, y } = this.project(point);
    if (x > 0 && y > 0 && x < this.size.width && y < this.size.height) return;
    this.moveTo({ ...this.view, ...this.placeOf(point) });
  }

  /** Break off what the hand is drawing; whether there was something. */
  abort(): boolean {
    return this.hands.abort();
  }

  /** Where a point is, in CSS pixels of the canvas. */
  project(point: number): Point {
    return toScreen(this.view, this.size, this.placeOf(point));
  }

  get isBusy(): boolean {
    return this.renderer.isBusy;
  }

  get counts(): FrameCounts {
    return this.renderer.counts;
  }

  get currentView(): View {
    return this.view;
  }

  /** The colour behind the points, as the browser computes it. */
  get ground(): string {
    return getComputedStyle(this.canvas).backgroundColor;
  }

  /** The picture as it stands, as a PNG. */
  picture(): Promise<Blob | null> {
    return new Promise((resolve) => this.canvas.toBlob(resolve, 'image/png'));
  }

  private moveTo(view: View): void {
    this.isFitting = false;
    this.show(view);
    this.listeners.onView(view);
  }

  private show(view: View): void {
    this.view = view;
    this.renderer.move(view, this.whole);
    this.overlay.follow(view, this.size);
    this.clearHover();
  }

  private measure(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    this.size = { width, height };
    this.whole = fitting(boundsOf(this.points.x, this.points.y), this.size);
    this.renderer.resize(this.size, Math.min(MOST_RATIO, window.devicePixelRatio || 1));
    this.show(this.isFitting ? this.whole : this.view);
  }

  private async hover(pixel: Point | null): Promise<void> {
    const turn = ++this.hoverTurn;
    const point = pixel === null ? null : await this.find(pixel);
    if (turn !== this.hoverTurn || point === this.hovered) return;
    this.hovered = point;
    this.drawMarks();
    this.listeners.onHover(point === null ? null : { point, at: this.project(point) });
  }

  private clearHover(): void {
    this.hoverTurn += 1;
    if (this.hovered === null) return;
    this.hovered = null;
    this.drawMarks();
    this.listeners.onHover(null);
  }

  private find(pixel: Point): Promise<number | null> {
    return this.index.nearest(toMap(this.view, this.size, pixel), REACH * this.view.scale);
  }

  private async pickInside(path: readonly Point[], how: Combining): Promise<void> {
    const polygon = path.map((pixel) => toMap(this.view, this.size, pixel));
    const samples = await this.index.inside(polygon);
    this.overlay.outlineAlong([]);
    this.listeners.onDrawn(samples, how, polygon);
  }

  private drawMarks(): void {
    const hover = this.hovered === null ? [] : [{ kind: 'hover' as const, point: this.hovered }];
    const rings = [...this.marks, ...hover].map(({ kind, point }) => ({ kind, at: this.placeOf(point) }));
    this.overlay.mark(rings, this.view, this.size);
  }

  private placeOf(point: number): Point {
    return { x: this.points.x[point] ?? 0, y: this.points.y[point] ?? 0 };
  }
}
