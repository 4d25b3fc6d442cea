/** What draws WebGL 2 in this browser; null if nothing does. */
export function webglRenderer(): string | null {
  const context = document.createElement('canvas').getContext('webgl2');
  if (context === null) return null;
  const names = context.getExtension('WEBGL_debug_renderer_info');
  const renderer: unknown = context.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
  // Browsers allow few contexts at a time, and maps need theirs.
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return typeof renderer === 'string' && renderer !== '' ? renderer : 'unnamed';
}
