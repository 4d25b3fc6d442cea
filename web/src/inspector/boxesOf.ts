import type { Prediction, SampleDetails } from '@/api/queries/sample';
import { categoryLabel, score } from '@/model/format';
import type { Box } from '@/model/geometry';
import { colorAt, type Scheme } from '@/model/palette';
import type { DrawnBox } from './ImageWithBoxes';

/** `truck 0.87`. */
export function predictionLabel(prediction: Pick<Prediction, 'category' | 'category_id' | 'score'>): string {
  const name = categoryLabel(prediction);
  return prediction.score === null ? name : `${name} ${score(prediction.score)}`;
}

export const predictionKey = ({ task, position }: Pick<Prediction, 'task' | 'position'>): string =>
  `${task}/${position}`;

/** The boxes of an image; one of them may stand out, a click on one may lead somewhere. */
export function boxesOf(
  predictions: readonly Prediction[],
  scheme: Scheme,
  {
    current,
    onPick,
  }: { current?: string; onPick?: (prediction: Prediction) => (() => void) | undefined } = {},
): DrawnBox[] {
  return (
    predictions
      .map((prediction) => ({
        key: predictionKey(prediction),
        box: prediction.box,
        color: colorAt(prediction.category_id, scheme),
        label: predictionLabel(prediction),
        isFaint: current !== undefined && predictionKey(prediction) !== current,
        onPick: onPick?.(prediction),
      }))
      // What stands out is drawn last, above the others; small ones above large ones, to be within reach.
      .sort((a, b) => Number(b.isFaint) - Number(a.isFaint) || areaOf(b.box) - areaOf(a.box))
  );
}

const areaOf = ([x0, y0, x1, y1]: Box): number => (x1 - x0) * (y1 - y0);

/** The prediction that a crop was made of, drawn even where the image of the crop does not have it any more. */
export function cropPrediction({ crop }: SampleDetails): Prediction | null {
  if (crop === null) return null;
  const { task, position, category_id, category, score: value, box } = crop;
  return { task, position, category_id, category, score: value, box, outcome: 'used', crops: [] };
}
