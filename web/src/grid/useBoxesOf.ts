import { useMemo } from 'react';
import type { Sample } from '@/api/queries/samples';
import type { Filter } from '@/model/browsing';
import { meansCategory } from '@/model/filters';
import { colorAt, type Scheme } from '@/model/palette';
import { useScheme } from '@/ui/useScheme';
import type { DrawnBox } from './TileBoxes';

type Prediction = NonNullable<Sample['boxes']>[number];

type BoxesOf = (sample: Sample) => readonly DrawnBox[];

/** The boxes to draw over an image: of a filter that asks for categories or scores, those of which it speaks. */
export function useBoxesOf(filter: Filter | undefined): BoxesOf {
  const scheme = useScheme();
  return useMemo(() => boxesUnder(filter, scheme), [filter, scheme]);
}

/** The same boxes for the same sample, so that a tile is not drawn again as long as nothing about it changes. */
function boxesUnder(filter: Filter | undefined, scheme: Scheme): BoxesOf {
  const drawn = new WeakMap<Sample, readonly DrawnBox[]>();
  return (sample) => {
    const known = drawn.get(sample);
    if (known !== undefined) return known;
    const boxes = (sample.boxes ?? [])
      .filter((prediction) => passes(prediction, filter))
      .map((prediction) => ({
        key: `${prediction.task}/${prediction.position}`,
        box: prediction.box,
        color: colorAt(prediction.category_id, scheme),
        isFaint: !prediction.is_cropped,
      }));
    drawn.set(sample, boxes);
    return boxes;
  };
}

/** Whether a prediction has a category and a score that a filter admits. */
export function passes(
  { task, category_id, category, score }: Prediction,
  filter: Filter | undefined,
): boolean {
  const { categories, min_score, max_score } = filter ?? {};
  const named = { task, category_id, name: category };
  if (categories != null && !categories.some((one) => meansCategory(one, named))) return false;
  if (min_score == null && max_score == null) return true;
  return score !== null && score >= (min_score ?? -Infinity) && score <= (max_score ?? Infinity);
}
