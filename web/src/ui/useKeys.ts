import { useEffect, useRef } from 'react';

/** What keys do, by name: `t`, `Escape`, `?`, `ctrl+a`, `ctrl+shift+z`, `shift+ArrowRight`. Ctrl is Cmd on a Mac. */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

/**
 * Listen for keys as long as a component is shown. Whoever types into a field, works in a dialog or opens a menu means
 * that, and nothing happens here.
 */
export function useKeys(keys: Keys, { isActive = true }: { isActive?: boolean } = {}): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    if (!isActive) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isElsewhere(event.target)) return;
      const action = latest.current[nameOf(event)];
      if (action === undefined) return;
      event.preventDefault();
      action(event);
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [isActive]);
}

/** The name of a pressed key as `Keys` spells it. */
export function nameOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>,
): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isLetter = /^[a-z]$/.test(key);
  // `?` is Shift and something on most keyboards: only letters and named keys tell Shift apart.
  const shift = event.shiftKey && (isLetter || key.length > 1);
  return [
    event.ctrlKey || event.metaKey ? 'ctrl+' : '',
    event.altKey ? 'alt+' : '',
    shift ? 'shift+' : '',
    key,
  ].join('');
}

const ELSEWHERE =
  'input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable=true], [role=dialog], [role=menu], [role=listbox]';

function isElsewhere(target: EventTarget | null): boolean {
  if (target instanceof Element && target.closest(ELSEWHERE) !== null) return true;
  // A dialog is open although nothing in it has the focus.
  return document.querySelector('[role=dialog][aria-modal=true]') !== null;
}
