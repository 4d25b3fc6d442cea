import { beforeEach, describe, expect, it } from 'vitest';
import { Bitmap } from './bitmap';
import { selectorOf, useSelection } from './selection';

const picked = () => [...useSelection.getState().members.indices()];

beforeEach(() => {
  sessionStorage.clear();
  useSelection.setState({ datasetId: null, members: new Bitmap(), anchor: null });
  useSelection.getState().open('a');
});

describe('the selection', () => {
  it('toggles a sample and remembers where a range may begin', () => {
    useSelection.getState().toggle(5);
    expect(picked()).toEqual([5]);
    expect(useSelection.getState().anchor).toBe(5);
    useSelection.getState().toggle(5);
    expect(picked()).toEqual([]);
  });

  it('is one per dataset, and is there again when one comes back', () => {
    useSelection.getState().add([1, 2]);
    useSelection.getState().open('b');
    expect(picked()).toEqual([]);
    useSelection.getState().open('a');
    expect(picked()).toEqual([1, 2]);
  });

  it('is forgotten once it is cleared', () => {
    useSelection.getState().add([1]);
    useSelection.getState().clear();
    useSelection.getState().open('b');
    useSelection.getState().open('a');
    expect(picked()).toEqual([]);
  });

  it('is told one by one while it is small, and as a bitmap when it is large', () => {
    expect(selectorOf(Bitmap.of([3, 1]))).toEqual({ all_of: [{ indices: [1, 3] }], except_ids: [] });
    const many = selectorOf(Bitmap.of(Array.from({ length: 1001 }, (_, i) => i)));
    expect(many.all_of?.[0]?.bitmap?.base64).toBeTruthy();
  });
});
