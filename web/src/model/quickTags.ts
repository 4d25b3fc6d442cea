/** Which tag a digit means. Kept by the browser, for each dataset. */
import { create } from 'zustand';

export const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

/** Ids of tags by digit. */
export type QuickTags = Readonly<Record<string, string>>;

/** A digit means one tag, a tag has one digit; no digit takes it away. */
export function assigned(tags: QuickTags, tagId: string, digit: string | null): QuickTags {
  const others = Object.entries(tags).filter(([key, id]) => id !== tagId && key !== digit);
  return Object.fromEntries(digit === null ? others : [...others, [digit, tagId]]);
}

export function digitOf(tags: QuickTags, tagId: string): string | null {
  return Object.keys(tags).find((digit) => tags[digit] === tagId) ?? null;
}

interface QuickTagsState {
  byDataset: Readonly<Record<string, QuickTags>>;
  assign(datasetId: string, tagId: string, digit: string | null): void;
}

const PREFIX = 'swath-quick-tags-';
const NONE: QuickTags = {};

const useStore = create<QuickTagsState>((set) => ({
  byDataset: {},
  assign: (datasetId, tagId, digit) =>
    set(({ byDataset }) => {
      const tags = assigned(byDataset[datasetId] ?? kept(datasetId), tagId, digit);
      keep(datasetId, tags);
      return { byDataset: { ...byDataset, [datasetId]: tags } };
    }),
}));

export const assignQuickTag = (datasetId: string, tagId: string, digit: string | null): void =>
  useStore.getState().assign(datasetId, tagId, digit);

export function useQuickTags(datasetId: string): QuickTags {
  return useStore(({ byDataset }) => byDataset[datasetId]) ?? kept(datasetId);
}

function keep(datasetId: string, tags: QuickTags): void {
  try {
    localStorage.setItem(PREFIX + datasetId, JSON.stringify(tags));
  } catch {
    // Storage may be full or forbidden; then a reload forgets the digits.
  }
}

function kept(datasetId: string): QuickTags {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PREFIX + datasetId) ?? '{}');
    if (typeof found !== 'object' || found === null) return NONE;
    return Object.fromEntries(
      Object.entries(found).filter(
        ([digit, id]) => (DIGITS as readonly string[]).includes(digit) && typeof id === 'string',
      ),
    );
  } catch {
    return NONE;
  }
}
