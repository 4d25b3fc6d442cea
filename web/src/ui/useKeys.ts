import { useEffect, useRef } from 'react';

/** What keys do, by name: `t`, `Escape`, `?`, `ctrl+a`, `ctrl+shift+z`, `shift+ArrowRight`. Ctrl is Cmd on a Mac. */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

/**
 * Listen for keys as long as a component is shown. Whoever types into a field, works in a dialog or opens a menu means
 * that, and nothing happens here. What `isFirst` hears a key before the others, who then do not.
 */
export function useKeys(
  keys: Keys,
  { isActive = true, isFirst = false }: { isActive?: boolean; isFirst?: boolean } = {},
): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    if (!isActive) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isElsewhere(event.target) || isOfControl(event)) return;
      const action = latest.current[nameOf(event)];
      if (action === undefined) return;
      event.preventDefault();
      action(event);
    };
    window.addEventListener('keydown', listen, { capture: isFirst });
    return () => window.removeEventListener('keydown', listen, { capture: isFirst });
  }, [isActive, isFirst]);
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

const PRESSING = [' ', 'Enter'];
const MOVING = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End', 'PageUp', 'PageDown'];
const PRESSED = 'button, a[href], summary, input, [role=button]';
const MOVED = 'input[type=range], [role=slider], [role=tab], [role=radio], [role=separator], [role=treeitem]';

/** Whether a control has the focus that does something with this key itself. */
export function isOfControl({ key, target }: Pick<KeyboardEvent, 'key' | 'target'>): boolean {
  if (!(target instanceof Element)) return false;
  return (
    (PRESSING.includes(key) && target.closest(PRESSED) !== null) ||
    (MOVING.includes(key) && target.closest(MOVED) !== null)
  );
}
