import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { datasetQuery, type DatasetFamily } from '@/api/queries/datasets';
import { bytes, count } from '@/model/format';
import classes from './Overview.module.css';

/** The numbers that one asks for first. */
export function Facts({ family: { dataset, images } }: { family: DatasetFamily }) {
  const isCrops = dataset.kind === 'crops';
  const parent = useQuery({ ...datasetQuery(images.id), enabled: isCrops && images.id !== '' });
  const imageCount = isCrops ? parent.data?.sample_count : dataset.sample_count;
  return (
    <dl className={classes.facts}>
      {isCrops && <Fact label="Objects">{count(dataset.sample_count)}</Fact>}
      {imageCount !== undefined && <Fact label="Images">{count(imageCount)}</Fact>}
      <Fact label="Categories">{count(dataset.categories.length)}</Fact>
      <Fact label="Tags">{count(dataset.tags.length)}</Fact>
      <Fact label={isCrops ? 'Size of the crops' : 'Size of the images'}>{bytes(dataset.byte_size)}</Fact>
      {isCrops && dataset.stale_crops > 0 && (
        <Fact label="Their image has changed">
          <Link to="/d/$dataset/objects" params={{ dataset: dataset.id }} search={{ q: { stale: true } }}>
            {count(dataset.stale_crops)}
          </Link>
        </Fact>
      )}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
