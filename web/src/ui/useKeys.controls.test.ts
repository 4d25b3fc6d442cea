import { describe, expect, it } from 'vitest';
import { isOfControl } from './useKeys';

const inside = (html: string, selector: string): Element => {
  document.body.innerHTML = html;
  const found = document.querySelector(selector);
  if (found === null) throw new Error(selector);
  return found;
};

describe('keys of controls', () => {
  it('press what has the focus', () => {
    const label = inside('<button><b>Save</b></button>', 'b');
    expect(isOfControl({ key: 'Enter', target: label })).toBe(true);
    expect(isOfControl({ key: ' ', target: label })).toBe(true);
    expect(isOfControl({ key: 'ArrowDown', target: label })).toBe(false);
  });

  it('move what can be moved', () => {
    const handle = inside('<div role="slider" tabindex="0"></div>', '[role=slider]');
    expect(isOfControl({ key: 'ArrowLeft', target: handle })).toBe(true);
    expect(isOfControl({ key: 't', target: handle })).toBe(false);
  });

  it('are for the page anywhere else', () => {
    const cell = inside('<div role="gridcell" tabindex="0"></div>', '[role=gridcell]');
    expect(isOfControl({ key: ' ', target: cell })).toBe(false);
    expect(isOfControl({ key: 'End', target: document.body })).toBe(false);
  });
});
