import { describe, expect, it } from 'vitest';
import { colorAt, rampColor } from '@/model/palette';
import { colorTable, legendItems, parsedRgb, rampTable, soloed, toggled, type CodedEntry } from './columns';

const entry = (code: number, label: string, kind: CodedEntry['kind'] = 'label'): CodedEntry => ({
  code,
  kind,
  label,
  count: 10,
});

describe('the legend', () => {
  it('gives a category the colour that it has everywhere, whatever its place here', () => {
    const ids: Record<string, number> = { bus: 5, car: 2 };
    const [bus, car] = legendItems(
      [entry(0, 'bus'), entry(1, 'car')],
      { kind: 'labels', numberOf: (label) => ids[label] },
      'light',
    );
    expect(bus?.color).toBe(colorAt(5, 'light'));
    expect(car?.color).toBe(colorAt(2, 'light'));
  });

  it('goes along the scale from its low to its high end, whatever is missing', () => {
    const items = legendItems(
      [entry(0, '0 – 1'), entry(1, '1 – 2'), entry(2, '2 – 3'), entry(3, '', 'missing')],
      { kind: 'scale' },
      'dark',
    );
    expect(items.slice(0, 3).map((item) => item.color)).toEqual(
      [0, 0.5, 1].map((at) => rampColor(at, 'dark')),
    );
  });

  it('has words for what has no label', () => {
    const items = legendItems([entry(0, '', 'other'), entry(1, '', 'missing')], { kind: 'labels' }, 'light');
    expect(items.map((item) => item.label)).toEqual(['All others', 'Without a value']);
    expect(items[0]?.color).not.toBe(items[1]?.color);
  });
});

describe('the table of colours', () => {
  it('has the colour of each code at its place', () => {
    const items = legendItems([entry(3, 'x')], { kind: 'labels', numberOf: () => 0 }, 'light');
    const table = colorTable(items, 'light');
    expect(table).toHaveLength(1024);
    expect([...table.slice(12, 16)]).toEqual([0x00, 0x72, 0xb2, 255]);
  });

  it('has the whole scale', () => {
    const table = rampTable('light');
    expect([...table.slice(0, 3)]).toEqual([0xd6, 0xe6, 0xc3]);
    expect([...table.slice(1020, 1023)]).toEqual([0x2b, 0x31, 0x57]);
  });
});

describe('hiding', () => {
  const codes = [0, 1, 2];

  it('goes on and off by a click', () => {
    expect([...toggled(new Set([1]), 2)]).toEqual([1, 2]);
    expect([...toggled(new Set([1]), 1)]).toEqual([]);
  });

  it('leaves one alone, and brings all back', () => {
    const alone = soloed(new Set([1]), 1, codes);
    expect([...alone]).toEqual([0, 2]);
    expect([...soloed(alone, 1, codes)]).toEqual([]);
    expect([...soloed(alone, 2, codes)]).toEqual([0, 1]);
  });
});

it('reads the colours of style sheets', () => {
  expect(parsedRgb('rgb(255, 51, 0)')).toEqual([1, 0.2, 0]);
});
