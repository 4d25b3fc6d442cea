/** The samples that a person has picked: one set for grid, map and inspector, kept as long as the tab is open. */
import { create } from 'zustand';
import type { Schemas } from '@/api/client';
import { Bitmap } from './bitmap';

interface Selection {
  /** The dataset whose samples are picked; another one begins with its own. */
  datasetId: string | null;
  members: Bitmap;
  /** Where the last range began: a sample index. */
  anchor: number | null;
  /** Begin to pick from a dataset, with what was picked from it before. */
  open(datasetId: string): void;
  toggle(index: number): void;
  add(indices: Iterable<number>): void;
  remove(indices: Iterable<number>): void;
  replace(members: Bitmap): void;
  clear(): void;
}

const EMPTY = new Bitmap();

export const useSelection = create<Selection>((set) => {
  const change = (rule: (members: Bitmap) => Bitmap, anchor?: number | null): void =>
    set((state) => {
      const members = rule(state.members);
      if (state.datasetId !== null) keep(state.datasetId, members);
      return anchor === undefined ? { members } : { members, anchor };
    });
  return {
    datasetId: null,
    members: EMPTY,
    anchor: null,
    open: (datasetId) =>
      set((state) =>
        state.datasetId === datasetId ? state : { datasetId, members: kept(datasetId), anchor: null },
      ),
    toggle: (index) =>
      change((members) => (members.has(index) ? members.without([index]) : members.with([index])), index),
    add: (indices) => change((members) => members.with(indices)),
    remove: (indices) => change((members) => members.without(indices)),
    replace: (members) => change(() => members, null),
    clear: () => change(() => EMPTY, null),
  };
});

/** Most picked samples that are told to the server one by one; more go as a bitmap. */
const MOST_LISTED = 1000;

/** The picked samples as the server understands them. */
export function selectorOf(members: Bitmap): Schemas['Selector'] {
  const part =
    members.count <= MOST_LISTED
      ? { indices: [...members.indices()] }
      : { bitmap: { base64: members.toBase64() } };
  return { all_of: [part], except_ids: [] };
}

const PREFIX = 'swath-selection-';

function keep(datasetId: string, members: Bitmap): void {
  try {
    if (members.count === 0) sessionStorage.removeItem(PREFIX + datasetId);
    else sessionStorage.setItem(PREFIX + datasetId, members.toBase64());
  } catch {
    // Storage may be full or forbidden; then a reload forgets what was picked.
  }
}

function kept(datasetId: string): Bitmap {
  try {
    const text = sessionStorage.getItem(PREFIX + datasetId);
    return text === null ? EMPTY : Bitmap.fromBase64(text);
  } catch {
    return EMPTY;
  }
}
