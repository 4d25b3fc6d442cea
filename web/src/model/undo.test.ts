import { describe, expect, it } from 'vitest';
import { nextRedo, nextUndo, operationInWords } from './undo';

/** Operations newest first; a small letter is undone. */
const operations = (letters: string) =>
  [...letters].map((letter) => ({ id: letter.toUpperCase(), is_undone: letter === letter.toLowerCase() }));

describe('undoing', () => {
  it('begins with the newest and goes back', () => {
    expect(nextUndo(operations('CBA'))?.id).toBe('C');
    expect(nextUndo(operations('cBA'))?.id).toBe('B');
  });

  it('ends where everything is undone', () => {
    expect(nextUndo(operations('cba'))).toBeUndefined();
    expect(nextUndo([])).toBeUndefined();
  });
});

describe('redoing', () => {
  it('goes the way of undoing back', () => {
    expect(nextRedo(operations('cba'))?.id).toBe('A');
    expect(nextRedo(operations('cbA'))?.id).toBe('B');
    expect(nextRedo(operations('cBA'))?.id).toBe('C');
  });

  it('ends once something new was done', () => {
    expect(nextRedo(operations('DcBA'))).toBeUndefined();
    expect(nextRedo([])).toBeUndefined();
  });
});

describe('an operation in words', () => {
  it('is a sentence with names in quotes', () => {
    expect(operationInWords('added 3 samples to `cars`, removed 1 sample from `a b`')).toBe(
      'Added 3 samples to “cars”, removed 1 sample from “a b”',
    );
  });
});
