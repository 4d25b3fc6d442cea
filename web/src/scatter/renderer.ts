/** Draws a million points with WebGL 2: a fair part of them while the view moves, all of them once it is at rest. */
import type { Size, View } from './camera';
import { DensityPass, densestPlace } from './density';
import { FrameBudget, MOVING_MS, RESTING_MS } from './frameBudget';
import { ColorTexture, Program, type Graphics, type Rgb } from './graphics';
import { PointBuffers } from './pointBuffers';
import { pointAlpha, pointSize } from './pointSize';
import type { Points, PointStates } from './pointStates';
import { POINT_PIXELS, POINT_VERTICES } from './shaders';

/** The view is at rest when it has not moved for so long. */
const REST_AFTER_MS = 160;
/** How often to look whether the graphics processor is done. */
const POLL_MS = 2;
const COLORS_UNIT = 0;
/** What is left of the other points while some are picked. */
const DIMMED = 0.28;
/** CSS pixels by which picked points are larger. */
const PICKED_EXTRA = 1.5;

export type Drawing = 'points' | 'density';

interface Resources {
  readonly buffers: PointBuffers;
  readonly program: Program<'middle' | 'perUnit' | 'size' | 'alpha' | 'isPickedPass' | 'colors'>;
  readonly colors: ColorTexture;
  readonly density: DensityPass | null;
}

export interface FrameCounts {
  /** Frames since the renderer began. */
  frames: number;
  /** Points in the picture as it stands, and how many there will be in it. */
  drawn: number;
  total: number;
}

export class Renderer {
  private readonly gl: Graphics;
  private resources: Resources | null;
  private points: Pick<Points, 'x' | 'y'> = { x: new Float32Array(), y: new Float32Array() };
  private codes: Uint8Array | null = null;
  private states: PointStates | null = null;
  private colors: Uint8Array = new Uint8Array(1024);
  private ramp: Uint8Array = new Uint8Array(1024);
  private ground: Rgb = [1, 1, 1];
  private drawing: Drawing = 'points';
  private view: View = { x: 0, y: 0, scale: 1 };
  private whole: View = this.view;
  private size: Size = { width: 1, height: 1 };
  private ratio = 1;
  private densest = 0;

  private readonly budget = new FrameBudget();
  private drawnPoints = 0;
  private drawnPicked = 0;
  private isStale = true;
  private isMoving = false;
  private isUnderWay = false;
  private isOver = false;
  private restTimer = 0;
  private frames = 0;

  /** While the view moves a frame has as many points as there is time for; without, all. For comparisons. */
  hasLevels = true;

  /** Throws if the browser has no WebGL 2. `onFrame` hears when a frame is on the screen. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly onFrame: (isComplete: boolean) => void,
  ) {
    const gl = canvas.getContext('webgl2', { antialias: false, alpha: false, preserveDrawingBuffer: true });
    if (gl === null) throw new Error('this browser has no WebGL 2');
    this.gl = gl;
    this.resources = makeResources(gl);
    canvas.addEventListener('webglcontextlost', this.lose);
    canvas.addEventListener('webglcontextrestored', this.rebuild);
  }

  setPoints(points: Pick<Points, 'x' | 'y'>): void {
    this.points = points;
    this.codes = null;
    this.states = null;
    this.densest = densestPlace(points.x, points.y);
    this.resources?.buffers.setPoints(points);
    this.redraw();
  }

  setCodes(codes: Uint8Array): void {
    this.codes = codes;
    this.resources?.buffers.setCodes(codes);
    this.redraw();
  }

  setStates(states: PointStates): void {
    this.states = states;
    this.resources?.buffers.setStates(states);
    this.redraw();
  }

  /** RGBA of 256 codes, and of the scale of densities. */
  setColors(colors: Uint8Array, ramp: Uint8Array, ground: Rgb): void {
    this.colors = colors;
    this.ramp = ramp;
    this.ground = ground;
    this.resources?.colors.fill(colors);
    this.resources?.density?.setRamp(ramp);
    this.redraw();
  }

  setDrawing(drawing: Drawing): void {
    this.drawing = drawing;
    this.redraw();
  }

  get canDrawDensity(): boolean {
    return this.resources === null || this.resources.density !== null;
  }

  resize(size: Size, ratio: number): void {
    this.size = size;
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(size.width * ratio));
    this.canvas.height = Math.max(1, Math.round(size.height * ratio));
    this.redraw();
  }

  /** Look elsewhere; `whole` is the view that fits. */
  move(view: View, whole: View): void {
    this.view = view;
    this.whole = whole;
    this.isMoving = true;
    window.clearTimeout(this.restTimer);
    this.restTimer = window.setTimeout(() => {
      this.isMoving = false;
      this.request();
    }, REST_AFTER_MS);
    this.redraw();
  }

  /** Whether the picture is not complete yet. */
  get isBusy(): boolean {
    return this.isUnderWay || this.isStale || this.isMoving;
  }

  get counts(): FrameCounts {
    return { frames: this.frames, drawn: this.drawnPoints, total: this.points.x.length };
  }

  destroy(): void {
    this.isOver = true;
    window.clearTimeout(this.restTimer);
    this.canvas.removeEventListener('webglcontextlost', this.lose);
    this.canvas.removeEventListener('webglcontextrestored', this.rebuild);
  }

  private readonly lose = (event: Event): void => {
    event.preventDefault();
    this.resources = null;
  };

  private readonly rebuild = (): void => {
    const resources = makeResources(this.gl);
    this.resources = resources;
    resources.buffers.setPoints(this.points);
    if (this.codes !== null) resources.buffers.setCodes(this.codes);
    if (this.states !== null) resources.buffers.setStates(this.states);
    resources.colors.fill(this.colors);
    resources.density?.setRamp(this.ramp);
    this.isUnderWay = false;
    this.redraw();
  };

  private redraw(): void {
    this.isStale = true;
    this.request();
  }

  /** One frame at a time: the next begins when the graphics processor is done with the last. */
  private request(): void {
    if (this.isUnderWay || this.isOver) return;
    this.isUnderWay = true;
    requestAnimationFrame(this.draw);
  }

  private readonly draw = (): void => {
    const { resources, gl } = this;
    if (resources === null || this.isOver) {
      this.isUnderWay = false;
      return;
    }
    const start = performance.now();
    const total = resources.buffers.count;
    const afresh = this.isStale;
    this.isStale = false;
    if (afresh) this.drawnPoints = this.drawnPicked = 0;
    const before = this.drawnPoints;
    const allowed = this.hasLevels ? this.budget.points(this.isMoving ? MOVING_MS : RESTING_MS) : total;
    const end = Math.min(total, before + allowed);
    if (this.drawing === 'density' && resources.density !== null) {
      this.drawDensity(resources, resources.density, before, end, afresh);
    } else {
      this.drawPoints(resources, before, end, afresh);
    }
    this.drawnPoints = end;
    const pickedCount = this.drawPicked(resources, total === 0 ? 1 : end / total);
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    if (fence === null) this.isUnderWay = false;
    else window.setTimeout(() => this.await(fence, start, end - before + pickedCount), 0);
  };

  private await(fence: WebGLSync, start: number, drawn: number): void {
    const { gl } = this;
    if (this.resources === null || this.isOver) {
      this.isUnderWay = false;
      return;
    }
    if (gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED) {
      window.setTimeout(() => this.await(fence, start, drawn), POLL_MS);
      return;
    }
    gl.deleteSync(fence);
    this.budget.learn(drawn, performance.now() - start);
    this.frames += 1;
    this.isUnderWay = false;
    const isComplete = this.drawnPoints >= this.resources.buffers.count;
    if (this.isStale || (!isComplete && !this.isMoving)) this.request();
    this.onFrame(isComplete && !this.isStale);
  }

  private drawPoints({ buffers, program }: Resources, first: number, end: number, afresh: boolean): void {
    const { gl } = this;
    this.beginPoints(program, pointAlpha(buffers.count) * (buffers.pickedCount > 0 ? DIMMED : 1), 0);
    if (afresh) {
      gl.clearColor(...this.ground, 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
    program.integer('isPickedPass', 0);
    buffers.draw(first, end);
  }

  private drawDensity(
    { buffers }: Resources,
    density: DensityPass,
    first: number,
    end: number,
    afresh: boolean,
  ): void {
    density.count(this.place(), afresh, () => buffers.draw(first, end));
    const perPixel = this.densest * (this.view.scale / this.ratio) ** 2;
    density.paint(this.ground, perPixel, end === 0 ? 1 : buffers.count / end);
  }

  /**
   * The same share of the picked points as of all, and all of them in the end: the slices of the others have covered
   * some. Returns how many were drawn.
   */
  private drawPicked({ buffers, program }: Resources, share: number): number {
    if (buffers.pickedCount === 0) return 0;
    this.beginPoints(program, 1, PICKED_EXTRA);
    program.integer('isPickedPass', 1);
    const end = Math.ceil(buffers.pickedCount * share);
    const isCovered = share >= 1 || this.drawing === 'density';
    const first = isCovered ? 0 : this.drawnPicked;
    buffers.drawPicked(first, end);
    this.drawnPicked = end;
    return end - first;
  }

  private beginPoints(program: Resources['program'], alpha: number, extraSize: number): void {
    const { gl, size, view, whole } = this;
    const { middle, perUnit } = this.place();
    const pixels = pointSize(this.points.x.length, size.width * size.height, whole.scale / view.scale);
    program.use();
    gl.viewport(0, 0, this.canvas.width, this.canvas.height);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    this.resources?.colors.bind();
    program.integer('colors', COLORS_UNIT);
    program.pair('middle', ...middle);
    program.pair('perUnit', ...perUnit);
    program.number('size', (pixels + extraSize) * this.ratio);
    program.number('alpha', alpha);
  }

  private place(): { middle: [number, number]; perUnit: [number, number] } {
    const { view, size } = this;
    return {
      middle: [view.x, view.y],
      perUnit: [2 / (view.scale * size.width), 2 / (view.scale * size.height)],
    };
  }
}

function makeResources(gl: Graphics): Resources {
  gl.enable(gl.BLEND);
  return {
    buffers: new PointBuffers(gl),
    program: new Program(gl, POINT_VERTICES, POINT_PIXELS, [
      'middle', 'perUnit', 'size', 'alpha', 'isPickedPass', 'colors',
    ]), // prettier-ignore
    colors: new ColorTexture(gl, COLORS_UNIT, gl.NEAREST),
    density: DensityPass.isPossible(gl) ? new DensityPass(gl) : null,
  };
}
