import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { samplePageQuery } from '@/api/queries/samples';
import { count } from '@/model/format';
import { TextLink } from '@/ui/TextLink';
import classes from './Select.module.css';

const MOST = 36;

interface ExamplesProps {
  dataset: DatasetDetails;
  /** Id of a stored selection. */
  selection: string;
  total: number;
}

/** Some of what a stored selection holds. */
export function Examples({ dataset, selection, total }: ExamplesProps) {
  const filter = { selection_id: selection };
  const { data } = useQuery(samplePageQuery({ datasetId: dataset.id, filter }, 0));
  const items = data?.items ?? [];
  // The page is in the order of arrival: samples of all of it show more than the first ones.
  const step = Math.max(1, items.length / MOST);
  const shown = items.filter((_, at) => Math.floor(at / step) !== Math.floor((at - 1) / step)).slice(0, MOST);
  const to = dataset.kind === 'crops' ? '/d/$dataset/objects' : '/d/$dataset/images';
  return (
    <div>
      <div className={classes.examples}>
        {shown.map((sample) => (
          <img
            key={sample.id}
            src={`${sample.thumbnail_url}&size=160`}
            alt={sample.file_name}
            loading="lazy"
          />
        ))}
      </div>
      <Text size="sm" c="dimmed" mt="xs">
        {count(shown.length)} of {count(total)}.{' '}
        <TextLink to={to} params={{ dataset: dataset.id }} search={{ q: filter }} size="sm">
          Look at all of them
        </TextLink>
      </Text>
    </div>
  );
}
