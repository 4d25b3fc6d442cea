/** Small parts of WebGL 2 with names. */

export type Graphics = WebGL2RenderingContext;

/** Red, green and blue from 0 to 1. */
export type Rgb = readonly [number, number, number];

/** A program with its uniforms by name. Throws what the compiler says. */
export class Program<Name extends string> {
  private readonly program: WebGLProgram;
  private readonly places: Record<Name, WebGLUniformLocation | null>;

  constructor(
    private readonly gl: Graphics,
    vertices: string,
    pixels: string,
    names: readonly Name[],
  ) {
    this.program = gl.createProgram();
    for (const [kind, source] of [
      [gl.VERTEX_SHADER, vertices],
      [gl.FRAGMENT_SHADER, pixels],
    ] as const) {
      gl.attachShader(this.program, compiled(gl, kind, source));
    }
    gl.linkProgram(this.program);
    if (!gl.getProgramParameter(this.program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getProgramInfoLog(this.program) ?? 'a program does not link');
    }
    this.places = Object.fromEntries(
      names.map((name) => [name, gl.getUniformLocation(this.program, name)]),
    ) as Record<Name, WebGLUniformLocation | null>;
  }

  use(): void {
    this.gl.useProgram(this.program);
  }

  number(name: Name, value: number): void {
    this.gl.uniform1f(this.places[name], value);
  }

  integer(name: Name, value: number): void {
    this.gl.uniform1i(this.places[name], value);
  }

  pair(name: Name, x: number, y: number): void {
    this.gl.uniform2f(this.places[name], x, y);
  }

  color(name: Name, [red, green, blue]: Rgb): void {
    this.gl.uniform3f(this.places[name], red, green, blue);
  }
}

function compiled(gl: Graphics, kind: number, source: string): WebGLShader {
  const shader = gl.createShader(kind);
  if (shader === null) throw new Error('the graphics context is lost');
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
    throw new Error(gl.getShaderInfoLog(shader) ?? 'a shader does not compile');
  }
  return shader;
}

/** A texture of 256 colours, RGBA. */
export class ColorTexture {
  private readonly texture: WebGLTexture;

  constructor(
    private readonly gl: Graphics,
    private readonly unit: number,
    filter: number,
  ) {
    this.texture = gl.createTexture();
    this.bind();
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, filter);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  }

  bind(): void {
    this.gl.activeTexture(this.gl.TEXTURE0 + this.unit);
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.texture);
  }

  fill(colors: Uint8Array): void {
    this.bind();
    const { gl } = this;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colors);
  }
}
