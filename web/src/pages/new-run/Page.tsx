import { Container, Skeleton } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { useFamily, type Dataset } from '@/api/queries/datasets';
import { runQuery, runsQuery, type Run } from '@/api/queries/runs';
import { formOfRun, freeName, NEW_RUN, type RunForm } from '@/model/runForm';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { NewRun } from './NewRun';

/** A new run on images; from a crops dataset one on the images it was cut out of, like the run that made it. */
export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset/run' });
  const { clone } = useSearch({ from: '/d/$dataset/run' });
  const { family, error } = useFamily(id);
  const isCrops = family?.dataset.kind === 'crops';
  const cloned = useQuery({ ...runQuery(clone ?? ''), enabled: clone !== undefined, refetchInterval: false });
  const earlier = useInfiniteQuery(runsQuery([], id));
  const maker = earlier.data?.pages[0]?.items.findLast(
    ({ kind, crop_dataset }) => kind === 'object-level' && crop_dataset?.id === id,
  );
  const like = clone === undefined ? (isCrops ? maker : undefined) : cloned.data;
  const problem = error ?? cloned.error ?? earlier.error;
  if (problem) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={problem} />
      </Container>
    );
  }
  const isReady = family !== undefined && earlier.data !== undefined && (clone === undefined || cloned.data);
  if (!isReady) {
    return (
      <Container size="xl" py="lg">
        <Skeleton height={480} role="status" aria-label="Loading the form" />
      </Container>
    );
  }
  const name = freeName(`${family.images.name}-crops`, new Set(family.crops.map((one) => one.name)));
  return (
    <Container size="xl" py="lg">
      <PageHeader
        title="New run"
        about={
          isCrops
            ? `${family.dataset.name} holds crops: this is a run on ${family.images.name}, the images they were cut out of${like === undefined ? '' : ', with the values of the run that made them'}.`
            : `On ${family.images.name}${like === undefined ? '' : ', with the values of another run'}.`
        }
      />
      <NewRun
        key={`${family.images.id}-${like?.id ?? ''}`}
        images={family.images}
        crops={family.crops}
        first={like === undefined ? { ...NEW_RUN, cropDatasetName: name } : formLike(like, family.crops)}
        like={like}
      />
    </Container>
  );
}

/** A run remembers how its crops dataset was called then; it may have another name by now. */
function formLike(run: Run, crops: readonly Dataset[]): RunForm {
  const form = formOfRun(run);
  const current = crops.find(({ id }) => id === run.crop_dataset?.id);
  return current === undefined ? form : { ...form, cropDatasetName: current.name };
}
