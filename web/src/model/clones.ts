/** Which run another one was cloned from, kept as long as the tab is open. */

const PREFIX = 'swath-cloned-';

export function rememberClone(run: string, from: string): void {
  try {
    sessionStorage.setItem(PREFIX + run, from);
  } catch {
    // Storage may be full or forbidden; then the run page compares with none at first.
  }
}

export function clonedFrom(run: string): string | null {
  try {
    return sessionStorage.getItem(PREFIX + run);
  } catch {
    return null;
  }
}
