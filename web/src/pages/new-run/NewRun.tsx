import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { datasetQuery, type Dataset } from '@/api/queries/datasets';
import { usePreview } from '@/api/queries/previews';
import { useCreateRun, type Run } from '@/api/queries/runs';
import { rememberClone } from '@/model/clones';
import { fieldErrors } from '@/model/fieldErrors';
import { runRequestOf, type RunForm } from '@/model/runForm';
import { areSameItems } from '@/model/strategies';
import { FormWithSide } from '@/running/FormWithSide';
import { FilterSection } from './FilterSection';
import { MoreSection } from './MoreSection';
import { NameSection } from './NameSection';
import { PaddingSection } from './PaddingSection';
import { RunSide } from './RunSide';
import { SelectionSection } from './SelectionSection';
import { TaskSection } from './TaskSection';
import { useRunForm } from './useRunForm';

interface NewRunProps {
  images: Pick<Dataset, 'id' | 'name'>;
  crops: readonly Dataset[];
  /** What the form begins with. */
  first: RunForm;
  /** The run whose values these are. */
  like: Run | undefined;
}

/** The form of a new run on images, beside what it comes to. */
export function NewRun({ images, crops, first, like }: NewRunProps) {
  const isOwnTask = like === undefined;
  // Without a task of its own, the form takes the first that can be used: the one that a preview without a task is of.
  const guess = usePreview({ dataset: images.id, box_format: 'xywh' });
  const [form, change] = useRunForm(isOwnTask ? { ...first, task: guess.data?.task ?? '' } : first);
  const isGuess = form.task === '' || (form.task === guess.data?.task && form.boxFormat === 'xywh');
  const own = usePreview(
    isGuess ? null : { dataset: images.id, task: form.task, box_format: form.boxFormat },
  );
  const look = isGuess ? guess : own;
  const { data: dataset } = useQuery(datasetQuery(images.id));
  const creating = useCreateRun();
  const navigate = useNavigate();
  const errors = fieldErrors(creating.error);
  const request = runRequestOf(form, images.name);
  const preview = look.data;
  // What earlier runs have dealt with is kept by where the crops go.
  const hasEarlier = crops.some(({ name }) => name === form.cropDatasetName.trim());
  const changeAll = (changed: Partial<RunForm>) => {
    // Errors name strategies by their places, which are others now.
    if (changed.strategies !== undefined && !areSameItems(changed.strategies, form.strategies))
      creating.reset();
    change(changed);
  };
  const parts = { form, change: changeAll, errors };

  const start = () =>
    creating.mutate(request, {
      onSuccess: ({ id }) => {
        if (like !== undefined) rememberClone(id, like.id);
        void navigate({ to: '/runs/$run', params: { run: id } });
      },
    });

  return (
    <FormWithSide
      onSubmit={start}
      error={creating.error}
      side={
        <RunSide
          request={request}
          places={{ input: dataset?.input_uri ?? '', output: dataset?.output_uri ?? '' }}
          isBusy={creating.isPending}
          isReady={preview !== undefined || look.isError}
          error={creating.error}
        />
      }
    >
      <TaskSection
        {...parts}
        preview={preview}
        problem={look.error}
        onRetry={() => void look.refetch()}
        dataset={images.id}
      />
      {form.task !== '' && (
        <>
          <PaddingSection {...parts} preview={preview} />
          {preview !== undefined && <FilterSection {...parts} preview={preview} />}
        </>
      )}
      <SelectionSection {...parts} preview={preview} dataset={dataset} hasEarlier={hasEarlier} />
      {form.task !== '' && <NameSection {...parts} imageDataset={images.name} crops={crops} />}
      <MoreSection {...parts} />
    </FormWithSide>
  );
}
