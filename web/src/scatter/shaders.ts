/** The programs of the graphics processor, in GLSL ES 3.00. */

/** Points as discs: hidden ones, and in the first pass picked ones, are moved out of sight. */
export const POINT_VERTICES = `#version 300 es
precision highp float;
layout(location = 0) in float x;
layout(location = 1) in float y;
layout(location = 2) in float code;
layout(location = 3) in float state;
uniform vec2 middle;      // of the view, in units of the map
uniform vec2 perUnit;     // clip space per unit of the map
uniform float size;       // device pixels
uniform float alpha;
uniform bool isPickedPass;
uniform sampler2D colors; // 256 x 1, by code
flat out vec4 color;

void main() {
  bool isHidden = mod(state, 2.0) >= 1.0;
  bool isPicked = state >= 2.0;
  if (isHidden || isPicked != isPickedPass) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    color = vec4(0.0);
    return;
  }
  gl_Position = vec4((vec2(x, y) - middle) * perUnit, 0.0, 1.0);
  gl_PointSize = size;
  color = vec4(texelFetch(colors, ivec2(int(code), 0), 0).rgb, alpha);
}`;

/** Discs with a soft edge; points of a few pixels are squares, which cost less and look the same. */
export const POINT_PIXELS = `#version 300 es
precision highp float;
flat in vec4 color;
uniform float size;
out vec4 pixel;

void main() {
  float cover = 1.0;
  if (size > 3.0) {
    float distance = length(gl_PointCoord - 0.5) * size;
    cover = clamp(size * 0.5 - distance + 0.5, 0.0, 1.0);
    if (cover <= 0.0) discard;
  }
  float alpha = color.a * cover;
  pixel = vec4(color.rgb * alpha, alpha);
}`;

/** Every point that is not hidden counts one in its cell. */
export const COUNT_VERTICES = `#version 300 es
precision highp float;
layout(location = 0) in float x;
layout(location = 1) in float y;
layout(location = 3) in float state;
uniform vec2 middle;
uniform vec2 perUnit;

void main() {
  bool isHidden = mod(state, 2.0) >= 1.0;
  gl_Position = isHidden ? vec4(2.0, 2.0, 2.0, 1.0) : vec4((vec2(x, y) - middle) * perUnit, 0.0, 1.0);
  gl_PointSize = 1.0;
}`;

export const COUNT_PIXELS = `#version 300 es
precision mediump float;
out vec4 pixel;

void main() {
  pixel = vec4(1.0, 0.0, 0.0, 1.0);
}`;

/** One triangle that covers everything. */
export const COVER_VERTICES = `#version 300 es
out vec2 place;

void main() {
  place = vec2(float((gl_VertexID << 1) & 2), float(gl_VertexID & 2));
  gl_Position = vec4(place * 2.0 - 1.0, 0.0, 1.0);
}`;

/** Smoothed counts by their logarithm, in the colours of a scale that begins at the ground. */
export const RAMP_PIXELS = `#version 300 es
precision highp float;
in vec2 place;
uniform sampler2D counts;
uniform sampler2D ramp;    // 256 x 1
uniform vec3 ground;
uniform float perCounted;  // points that each counted one stands for
uniform float most;        // points of a cell at the top of the scale
out vec4 pixel;

void main() {
  vec2 cell = 1.0 / vec2(textureSize(counts, 0));
  float sum = 0.0;
  float weights = 0.0;
  for (int down = -2; down <= 2; down++) {
    for (int right = -2; right <= 2; right++) {
      vec2 offset = vec2(float(right), float(down));
      float weight = exp(-0.4 * dot(offset, offset));
      sum += weight * texture(counts, place + offset * cell).r;
      weights += weight;
    }
  }
  float share = clamp(log(1.0 + sum / weights * perCounted) / log(1.0 + most), 0.0, 1.0);
  vec3 color = texture(ramp, vec2(share * (255.0 / 256.0) + 0.5 / 256.0, 0.5)).rgb;
  pixel = vec4(mix(ground, color, smoothstep(0.0, 0.12, share)), 1.0);
}`;
