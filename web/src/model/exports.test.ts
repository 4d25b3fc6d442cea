import { describe, expect, it } from 'vitest';
import {
  DAY_S,
  expiriesOf,
  holdsFor,
  optionsOf,
  PURPOSES,
  purposesFor,
  sourceRequest,
  usableOptions,
} from './exports';

const nobody = () => ({ all_of: [], except_ids: [] });

describe('formats', () => {
  it('stand once, under what they are for', () => {
    const formats = PURPOSES.flatMap((purpose) => purpose.formats.map(({ format }) => format));
    expect(new Set(formats).size).toBe(formats.length);
    expect(formats).toContain('label-studio');
  });

  it('of crops are not offered for images', () => {
    const offered = (kind: string) =>
      purposesFor(kind).flatMap(({ formats }) => formats.map(({ format }) => format));
    expect(offered('crops')).toContain('crops');
    expect(offered('images')).not.toContain('crops');
  });

  it('let images choose no unit', () => {
    expect(optionsOf('filenames', 'crops')).toContain('unit');
    expect(optionsOf('filenames', 'images')).not.toContain('unit');
  });

  it('are told only options that mean something to them', () => {
    const chosen = { unit: 'crops', include_images: true, expires_in_s: 60 } as const;
    expect(usableOptions('yolo', 'crops', chosen)).toEqual({ include_images: true, expires_in_s: 60 });
    expect(usableOptions('label-studio', 'crops', chosen)).toEqual({ unit: 'crops', expires_in_s: 60 });
  });
});

describe('links', () => {
  it('to files hold as long as the files, those in tasks for longer', () => {
    const longest = (format: 'yolo' | 'label-studio') =>
      Math.max(...expiriesOf(format).map(({ value }) => value));
    expect(longest('yolo')).toBe(7 * DAY_S);
    expect(longest('label-studio')).toBe(365 * DAY_S);
    expect(usableOptions('yolo', 'crops', { expires_in_s: 30 * DAY_S })).toEqual({ expires_in_s: 7 * DAY_S });
  });
});

describe('the samples of an export', () => {
  it('are those of a tag, a view, a stored selection, or all', () => {
    expect(sourceRequest('tag:t', nobody)).toEqual({ tag: 't' });
    expect(sourceRequest('view:v', nobody)).toEqual({ selector: { all_of: [{ view_id: 'v' }] } });
    expect(sourceRequest('sel:s', nobody)).toEqual({ selector: { all_of: [{ selection_id: 's' }] } });
    expect(sourceRequest('all', nobody)).toEqual({});
  });

  it('are those that are picked right now', () => {
    const picked = { all_of: [{ indices: [3] }], except_ids: [] };
    expect(sourceRequest('picked', () => picked)).toEqual({ selector: picked });
  });
});

describe('how long a link holds', () => {
  it('is said in the largest unit of which there are two', () => {
    const hour = 3_600_000;
    expect(holdsFor(7 * 24 * hour, 0)).toBe('7 more days');
    expect(holdsFor(47 * hour, 0)).toBe('47 more hours');
    expect(holdsFor(hour / 2, 0)).toBe('30 more minutes');
    expect(holdsFor(1000, 0)).toBe('one more minute');
    expect(holdsFor(0, 1)).toBe('expired');
  });
});
