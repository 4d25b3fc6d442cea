import type { Schemas } from '@/api/client';
import { baseName, categoryLabel, counted, score } from '@/model/format';
import { colorAt } from '@/model/palette';
import { ColorDot } from '@/ui/ColorDot';
import { useScheme } from '@/ui/useScheme';
import type { Point, Size } from './camera';
import classes from './HoverCard.module.css';

const PICTURE = 256;
const WIDTH = 176;
const HEIGHT = 194;
const GAP = 16;

type Crop = Schemas['CropDocument'];

/** What the card shows of a sample. */
interface Shown extends Pick<Schemas['SampleDetails'], 'thumbnail_url' | 'file_name'> {
  crop: Pick<Crop, 'parent_file_name' | 'category' | 'category_id' | 'score'> | null;
  predictions: readonly unknown[] | null;
}

interface HoverCardProps {
  sample: Shown;
  /** The point, in pixels of the map, which is so large. */
  at: Point;
  within: Size;
}

/** The sample of the point under the pointer, beside the point where there is room. */
export function HoverCard({ sample, at, within }: HoverCardProps) {
  const isLeft = at.x + GAP + WIDTH > within.width;
  const top = Math.max(8, Math.min(within.height - HEIGHT - 8, at.y - HEIGHT / 2));
  const name = sample.crop?.parent_file_name ?? sample.file_name;
  return (
    <div
      className={classes.card}
      role="status"
      aria-label="Sample under the pointer"
      style={{ left: isLeft ? at.x - GAP - WIDTH : at.x + GAP, top }}
    >
      <div className={classes.picture}>
        <img src={`${sample.thumbnail_url}&size=${PICTURE}`} alt="" />
      </div>
      <div className={classes.words}>
        <Title sample={sample} />
        <div className={classes.name}>{baseName(name)}</div>
      </div>
    </div>
  );
}

function Title({ sample }: { sample: Shown }) {
  const scheme = useScheme();
  if (sample.crop === null) {
    const objects = sample.predictions?.length ?? 0;
    return <div className={classes.title}>{counted(objects, 'object')}</div>;
  }
  return (
    <div className={classes.title}>
      <ColorDot color={colorAt(sample.crop.category_id, scheme)} size={9} />
      <span>{categoryLabel(sample.crop)}</span>
      <small>{score(sample.crop.score)}</small>
    </div>
  );
}
