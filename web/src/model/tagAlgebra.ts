/** Sets made of tags: what is in any, in all, in none of some. */
import type { Schemas } from '@/api/client';

export interface TagSets {
  anyOf: readonly string[];
  allOf: readonly string[];
  noneOf: readonly string[];
}

export const NO_SETS: TagSets = { anyOf: [], allOf: [], noneOf: [] };

export const isEmptySets = ({ anyOf, allOf, noneOf }: TagSets): boolean =>
  anyOf.length + allOf.length + noneOf.length === 0;

/** As a filter asks for it. */
export function tagCondition({ anyOf, allOf, noneOf }: TagSets): Schemas['TagCondition'] {
  return {
    any_of: anyOf.length === 0 ? null : [...anyOf],
    all_of: [...allOf],
    none_of: [...noneOf],
  };
}

type Expression = Schemas['TagExpression'];

/** The same as set algebra; null where no tag is named. */
export function tagExpression({ anyOf, allOf, noneOf }: TagSets): Expression | null {
  const named = (tags: readonly string[]): Expression[] => tags.map((tag) => ({ tag }));
  const parts: Expression[] = [
    ...(anyOf.length === 0 ? [] : [{ any_of: named(anyOf) }]),
    ...named(allOf),
    ...(noneOf.length === 0 ? [] : [{ none_of: named(noneOf) }]),
  ];
  if (parts.length === 0) return null;
  return { all_of: parts };
}
