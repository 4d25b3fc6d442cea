import { describe, expect, it } from 'vitest';
import { nameOf } from './useKeys';

const press = (
  key: string,
  modifiers: Partial<Record<'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey', boolean>> = {},
) => nameOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers });

describe('the name of a key', () => {
  it('is that of the letter, whatever its size', () => {
    expect(press('t')).toBe('t');
    expect(press('T')).toBe('t');
    expect(press('T', { shiftKey: true })).toBe('shift+t');
  });

  it('takes Ctrl and Cmd for one', () => {
    expect(press('a', { ctrlKey: true })).toBe('ctrl+a');
    expect(press('a', { metaKey: true })).toBe('ctrl+a');
    expect(press('Z', { ctrlKey: true, shiftKey: true })).toBe('ctrl+shift+z');
  });

  it('does not ask how a character was typed', () => {
    expect(press('?', { shiftKey: true })).toBe('?');
    expect(press('/')).toBe('/');
  });

  it('tells Shift with a named key', () => {
    expect(press('ArrowRight', { shiftKey: true })).toBe('shift+ArrowRight');
  });
});
