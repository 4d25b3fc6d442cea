import { describe, expect, it } from 'vitest';
import { asText, atLeast, withText } from './log';

const lines = ['INFO', 'WARNING', 'ERROR', 'CRITICAL', 'odd'].map((level, number) => ({
  number,
  logged_at: 0,
  level,
  message: `Message ${number}`,
}));

describe('a log', () => {
  it('is shown from a level on', () => {
    expect(atLeast(lines, 'INFO')).toBe(lines);
    expect(atLeast(lines, 'WARNING').map(({ level }) => level)).toEqual(['WARNING', 'ERROR', 'CRITICAL']);
    expect(atLeast(lines, 'ERROR')).toHaveLength(2);
  });

  it('is searched without regard to size', () => {
    expect(withText(lines, ' mESSage 3')).toEqual([lines[3]]);
    expect(withText(lines, ' ')).toBe(lines);
  });

  it('is saved with times that everybody reads alike', () => {
    expect(asText(lines.slice(0, 1))).toBe('1970-01-01T00:00:00.000Z INFO Message 0\n');
  });
});
