import { boundsOf } from './camera';
import { ColorTexture, Program, type Graphics, type Rgb } from './graphics';
import { COUNT_PIXELS, COUNT_VERTICES, COVER_VERTICES, RAMP_PIXELS } from './shaders';

/** Device pixels of each side of the cells in which points are counted. */
const CELL = 4;
/** Half floats count by ones up to 2048. */
const MOST_COUNTED = 1500;
const COUNTS_UNIT = 1;
const RAMP_UNIT = 2;

/** Draws how densely the points lie: counts them in cells, slice by slice, and paints the counts. */
export class DensityPass {
  private readonly counting: Program<'middle' | 'perUnit'>;
  private readonly painting: Program<'counts' | 'ramp' | 'ground' | 'perCounted' | 'most'>;
  private readonly counts: WebGLTexture;
  private readonly frame: WebGLFramebuffer;
  private readonly ramp: ColorTexture;
  private width = 0;
  private height = 0;

  constructor(private readonly gl: Graphics) {
    this.counting = new Program(gl, COUNT_VERTICES, COUNT_PIXELS, ['middle', 'perUnit']);
    this.painting = new Program(gl, COVER_VERTICES, RAMP_PIXELS, [
      'counts', 'ramp', 'ground', 'perCounted', 'most',
    ]); // prettier-ignore
    this.counts = gl.createTexture();
    this.frame = gl.createFramebuffer();
    this.ramp = new ColorTexture(gl, RAMP_UNIT, gl.LINEAR);
  }

  /** Whether this machine can add up what is drawn. */
  static isPossible(gl: Graphics): boolean {
    return gl.getExtension('EXT_color_buffer_float') !== null;
  }

  setRamp(colors: Uint8Array): void {
    this.ramp.fill(colors);
  }

  /** Count more points; `afresh` forgets the ones before. `draw` draws them. */
  count(
    view: { middle: [number, number]; perUnit: [number, number] },
    afresh: boolean,
    draw: () => void,
  ): void {
    const { gl } = this;
    this.adapt();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.viewport(0, 0, this.width, this.height);
    if (afresh) {
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
    }
    this.counting.use();
    this.counting.pair('middle', ...view.middle);
    this.counting.pair('perUnit', ...view.perUnit);
    gl.blendFunc(gl.ONE, gl.ONE);
    draw();
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
  }

  /** Paint what was counted; `densest` is in points per device pixel. */
  paint(ground: Rgb, densest: number, perCounted: number): void {
    const { gl } = this;
    this.painting.use();
    gl.activeTexture(gl.TEXTURE0 + COUNTS_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.counts);
    this.ramp.bind();
    this.painting.integer('counts', COUNTS_UNIT);
    this.painting.integer('ramp', RAMP_UNIT);
    this.painting.color('ground', ground);
    this.painting.number('perCounted', perCounted);
    this.painting.number('most', Math.min(MOST_COUNTED, Math.max(2, densest * CELL * CELL)));
    gl.disable(gl.BLEND);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.enable(gl.BLEND);
  }

  /** Have as many cells as the canvas needs. */
  private adapt(): void {
    const { gl } = this;
    const width = Math.max(1, Math.ceil(gl.drawingBufferWidth / CELL));
    const height = Math.max(1, Math.ceil(gl.drawingBufferHeight / CELL));
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    gl.activeTexture(gl.TEXTURE0 + COUNTS_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.counts);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R16F, width, height, 0, gl.RED, gl.HALF_FLOAT, null);
    for (const [name, value] of [
      [gl.TEXTURE_MIN_FILTER, gl.LINEAR],
      [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
      [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
    ] as const) {
      gl.texParameteri(gl.TEXTURE_2D, name, value);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.frame);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.counts, 0);
  }
}

/** Parts of each side of a map in which points are counted to know how densely they lie. */
const PARTS = 128;

/** Points per square unit of the map where they lie most densely, but for a few specks. */
export function densestPlace(x: Float32Array, y: Float32Array): number {
  const bounds = boundsOf(x, y);
  if (bounds === null) return 0;
  const span = Math.max(bounds.high.x - bounds.low.x, bounds.high.y - bounds.low.y);
  if (span === 0) return 0;
  const counts = new Uint32Array(PARTS * PARTS);
  const partOf = (value: number, low: number) =>
    Math.min(PARTS - 1, Math.floor(((value - low) / span) * PARTS));
  for (let i = 0; i < x.length; i++) {
    const cell = partOf(y[i] as number, bounds.low.y) * PARTS + partOf(x[i] as number, bounds.low.x);
    counts[cell] = (counts[cell] as number) + 1;
  }
  const occupied = counts.filter((count) => count > 0).sort();
  const high = occupied[Math.floor((occupied.length - 1) * 0.99)] ?? 0;
  return high / (span / PARTS) ** 2;
}
