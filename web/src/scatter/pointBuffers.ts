import type { Graphics } from './graphics';
import type { Points, PointStates } from './pointStates';

/** What the graphics processor knows of the points: a column for each attribute, and which are picked. */
export class PointBuffers {
  private readonly columns: readonly WebGLBuffer[];
  private readonly pickedIndices: WebGLBuffer;
  count = 0;
  pickedCount = 0;

  constructor(private readonly gl: Graphics) {
    gl.bindVertexArray(gl.createVertexArray());
    this.columns = [0, 1, 2, 3].map(() => gl.createBuffer());
    this.pickedIndices = gl.createBuffer();
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.pickedIndices);
  }

  /** Other points; until their codes and states come, all have code 0 and are shown. */
  setPoints({ x, y }: Pick<Points, 'x' | 'y'>): void {
    this.count = x.length;
    this.pickedCount = 0;
    this.fill(0, x, this.gl.FLOAT);
    this.fill(1, y, this.gl.FLOAT);
    this.fill(2, new Uint8Array(x.length), this.gl.UNSIGNED_BYTE);
    this.fill(3, new Uint8Array(x.length), this.gl.UNSIGNED_BYTE);
  }

  setCodes(codes: Uint8Array): void {
    if (codes.length === this.count) this.fill(2, codes, this.gl.UNSIGNED_BYTE);
  }

  setStates({ bytes, picked }: PointStates): void {
    if (bytes.length !== this.count) return;
    this.fill(3, bytes, this.gl.UNSIGNED_BYTE);
    this.gl.bufferData(this.gl.ELEMENT_ARRAY_BUFFER, picked, this.gl.DYNAMIC_DRAW);
    this.pickedCount = picked.length;
  }

  draw(first: number, end: number): void {
    if (end > first) this.gl.drawArrays(this.gl.POINTS, first, end - first);
  }

  drawPicked(first: number, end: number): void {
    const { gl } = this;
    const bytesPerIndex = 4;
    if (end > first) gl.drawElements(gl.POINTS, end - first, gl.UNSIGNED_INT, first * bytesPerIndex);
  }

  private fill(column: number, values: Float32Array | Uint8Array, type: number): void {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.columns[column] ?? null);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(column);
    gl.vertexAttribPointer(column, 1, type, false, 0, 0);
  }
}
