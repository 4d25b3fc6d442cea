/** Whether this browser draws with WebGL 2; asked once, since every context costs memory. */
let answer: boolean | null = null;

export function hasWebGL(): boolean {
  answer ??= document.createElement('canvas').getContext('webgl2') !== null;
  return answer;
}
