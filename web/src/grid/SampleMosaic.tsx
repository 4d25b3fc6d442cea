import { useIntersection } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ImageOff } from 'lucide-react';
import type { Dataset } from '@/api/queries/datasets';
import { spreadSamplesQuery } from '@/api/queries/samples';
import classes from './SampleMosaic.module.css';

interface SampleMosaicProps {
  dataset: Pick<Dataset, 'id' | 'sample_count'>;
  /** How many pictures there are at most. */
  most: number;
  columns: number;
  /** Pixels that the longer side of a picture is asked for with. */
  size?: number;
  /** What stands in the middle of an empty one. */
  empty: string;
}

/** Pictures from all over a dataset. They are asked for once the mosaic comes into view. */
export function SampleMosaic({ dataset, most, columns, size = 160, empty }: SampleMosaicProps) {
  const { ref, entry } = useIntersection({ rootMargin: '200px' });
  const isInView = entry?.isIntersecting ?? false;
  const isEmpty = dataset.sample_count === 0;
  const { data } = useQuery({ ...spreadSamplesQuery(dataset, most), enabled: isInView && !isEmpty });
  const tiles = Math.min(most, isEmpty ? 0 : dataset.sample_count);
  return (
    <div ref={ref} className={classes.frame}>
      <div className={classes.mosaic} style={{ gridTemplateColumns: `repeat(${columns}, 1fr)` }}>
        {Array.from({ length: most }, (_, at) => {
          const sample = data?.[at];
          return (
            <span key={at} className={classes.tile} data-blank={at >= tiles || undefined}>
              {sample !== undefined && (
                <img src={`${sample.thumbnail_url}&size=${size}`} alt="" decoding="async" draggable={false} />
              )}
            </span>
          );
        })}
      </div>
      {isEmpty && (
        <span className={classes.empty}>
          <ImageOff size={22} strokeWidth={1.4} aria-hidden />
          {empty}
        </span>
      )}
    </div>
  );
}
