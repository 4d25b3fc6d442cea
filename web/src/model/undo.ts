/** Which operation Ctrl+Z and Ctrl+Shift+Z mean. The server lists operations newest first. */

interface Operation {
  id: string;
  is_undone: boolean;
}

/** The newest one that is in effect. */
export function nextUndo<Done extends Operation>(operations: readonly Done[]): Done | undefined {
  return operations.find(({ is_undone }) => !is_undone);
}

/** The oldest of those that were undone and have nothing after them that is in effect: something new ends redoing. */
export function nextRedo<Done extends Operation>(operations: readonly Done[]): Done | undefined {
  const inEffect = operations.findIndex(({ is_undone }) => !is_undone);
  return operations[(inEffect === -1 ? operations.length : inEffect) - 1];
}

/** `Added 3 samples to “cars”`: what the server calls an operation, as a sentence. */
export function operationInWords(summary: string): string {
  const quoted = summary.replace(/`([^`]*)`/g, '“$1”');
  return quoted.charAt(0).toUpperCase() + quoted.slice(1);
}
