import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { datasetQuery, type Dataset, type DatasetDetails } from '@/api/queries/datasets';
import { counted } from '@/model/format';
import { RelativeTime } from '@/ui/RelativeTime';
import { RunStateDot } from '@/ui/RunStateDot';
import classes from './FamilyCard.module.css';

interface CardFactsProps {
  head: Dataset;
  objects: Dataset | null;
  isInView: boolean;
}

/** What has to be asked for each dataset; so only for those that somebody looks at. */
export function CardFacts({ head, objects, isInView }: CardFactsProps) {
  const ofImages = useQuery({ ...datasetQuery(head.id), enabled: isInView });
  const ofObjects = useQuery({ ...datasetQuery(objects?.id ?? ''), enabled: isInView && objects !== null });
  const main = objects === null ? ofImages.data : ofObjects.data;
  return (
    <div className={classes.facts}>
      <span>{main === undefined ? '' : words(main)}</span>
      <LastRun details={ofImages.data} />
    </div>
  );
}

function words(details: DatasetDetails): string {
  const parts = [counted(details.tags.length, 'tag')];
  if (details.categories.length > 0) {
    parts.unshift(counted(details.categories.length, 'category', 'categories'));
  }
  return parts.join(' · ');
}

function LastRun({ details }: { details: DatasetDetails | undefined }) {
  const run = details?.runs[0];
  if (details === undefined) return null;
  if (run === undefined) return <span>No run yet</span>;
  return (
    <Link to="/runs/$run" params={{ run: run.id }} className={classes.run} title={run.task ?? undefined}>
      <RunStateDot state={run.state} />
      <RelativeTime time={run.finished_at ?? run.started_at ?? run.created_at} />
    </Link>
  );
}
