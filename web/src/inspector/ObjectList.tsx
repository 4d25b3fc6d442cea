import { ActionIcon, Text, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Crop } from 'lucide-react';
import type { Prediction } from '@/api/queries/sample';
import { categoryLabel, score } from '@/model/format';
import { colorAt } from '@/model/palette';
import { ColorDot } from '@/ui/ColorDot';
import { useScheme } from '@/ui/useScheme';
import { predictionKey } from './boxesOf';
import classes from './ObjectList.module.css';

interface ObjectListProps {
  predictions: readonly Prediction[];
  /** Key of the one that stands out. */
  current?: string;
  /** What a click on one does; left out: nothing. */
  onPick?: (key: string) => void;
}

/** Why no crop was made of a box. */
const OUTCOMES: Record<string, string> = {
  outside: 'outside the image',
  zero_area: 'no area',
  filtered: 'left out by a filter',
};

/** The predictions of an image, most certain first as their file has them, with the way to their crops. */
export function ObjectList({ predictions, current, onPick }: ObjectListProps) {
  const scheme = useScheme();
  const tasks = new Set(predictions.map(({ task }) => task));
  return (
    <ul className={classes.list}>
      {predictions.map((prediction) => {
        const key = predictionKey(prediction);
        const why = OUTCOMES[prediction.outcome];
        const body = (
          <>
            <ColorDot color={colorAt(prediction.category_id, scheme)} />
            <span className={classes.name}>{categoryLabel(prediction)}</span>
            {tasks.size > 1 && (
              <Text span size="xs" c="dimmed">
                {prediction.task}
              </Text>
            )}
            {why !== undefined && (
              <Text span size="xs" c="dimmed">
                {why}
              </Text>
            )}
            <span className={classes.score}>{score(prediction.score)}</span>
          </>
        );
        return (
          <li key={key} className={classes.row} data-current={key === current || undefined}>
            {onPick === undefined ? (
              <div className={classes.body}>{body}</div>
            ) : (
              <button
                type="button"
                className={classes.body}
                aria-pressed={key === current}
                onClick={() => onPick(key)}
              >
                {body}
              </button>
            )}
            <CropLink prediction={prediction} />
          </li>
        );
      })}
    </ul>
  );
}

function CropLink({ prediction: { crops, category, category_id } }: { prediction: Prediction }) {
  const [crop] = crops;
  if (crop === undefined) return <span className={classes.gap} />;
  const label = `Open the crop of this ${category ?? category_id}`;
  return (
    <Tooltip label={`Crop in ${crop.dataset_name}`}>
      <ActionIcon
        size="sm"
        variant="subtle"
        color="gray"
        aria-label={label}
        renderRoot={(props) => (
          <Link
            {...props}
            to="/d/$dataset/samples/$sample"
            params={{ dataset: crop.dataset_id, sample: crop.sample_id }}
          />
        )}
      >
        <Crop size={14} />
      </ActionIcon>
    </Tooltip>
  );
}
