import { Badge, Group, Text, Tooltip } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Boxes, Images } from 'lucide-react';
import { DatasetMenu } from '@/acting/datasets/DatasetMenu';
import { meQuery } from '@/api/queries/account';
import type { Dataset } from '@/api/queries/datasets';
import { SampleMosaic } from '@/grid/SampleMosaic';
import type { Family } from '@/model/families';
import { counted } from '@/model/format';
import { samplesPath, unitOf } from '@/model/kinds';
import { CardFacts } from './CardFacts';
import classes from './FamilyCard.module.css';

/** An image dataset with its crops datasets. */
export function FamilyCard({ family: { head, crops } }: { family: Family }) {
  const { ref, entry } = useIntersection({ rootMargin: '200px' });
  const { data: me } = useQuery(meQuery);
  const isMine = me?.user_id === head.owner_id;
  const pictured = crops.find(({ sample_count }) => sample_count > 0) ?? head;
  return (
    <article ref={ref} className={classes.card} aria-label={head.name}>
      <Link
        to={placeOf(pictured)}
        params={{ dataset: pictured.id }}
        className={classes.pictures}
        tabIndex={-1}
        aria-hidden
      >
        <SampleMosaic dataset={pictured} most={8} columns={4} empty="No images yet" />
      </Link>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Link to="/d/$dataset" params={{ dataset: head.id }} className={classes.name}>
          {head.name}
        </Link>
        {isMine && <DatasetMenu dataset={head} crops={crops} />}
        {me !== undefined && !isMine && (
          <Tooltip label={`Shared by ${head.owner}`}>
            <Badge variant="light" color="gray" tt="none" maw={140}>
              {head.owner}
            </Badge>
          </Tooltip>
        )}
      </Group>
      <div className={classes.members}>
        <Member dataset={head} label={head.kind === 'crops' ? 'Objects' : 'Images'} />
        {crops.map((one) => (
          <Member key={one.id} dataset={one} label={one.name} />
        ))}
        {head.kind !== 'crops' && crops.length === 0 && (
          <Text size="sm" c="dimmed" px={6} py={3}>
            No objects cut out yet
          </Text>
        )}
      </div>
      <CardFacts head={head} objects={crops[0] ?? null} isInView={entry?.isIntersecting ?? false} />
    </article>
  );
}

function Member({ dataset, label }: { dataset: Dataset; label: string }) {
  const Icon = dataset.kind === 'crops' ? Boxes : Images;
  return (
    <Link to="/d/$dataset" params={{ dataset: dataset.id }} className={classes.member}>
      <Icon size={14} strokeWidth={1.8} aria-hidden />
      <span className={classes.label}>{label}</span>
      <span className={classes.count}>{counted(dataset.sample_count, unitOf(dataset.kind))}</span>
    </Link>
  );
}

/** Where the pictures of a dataset are looked at. */
function placeOf({ kind, sample_count }: Dataset) {
  if (sample_count === 0) return '/d/$dataset' as const;
  return samplesPath(kind);
}
