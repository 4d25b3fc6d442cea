import { Text } from '@mantine/core';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { Preview } from '@/api/queries/previews';
import type { FieldErrors } from '@/model/fieldErrors';
import { count } from '@/model/format';
import { amountOf, countLeft, scaled } from '@/model/previewCounts';
import { categoryIds, shareOf, type RunForm } from '@/model/runForm';
import { ChoosingFields } from '@/running/ChoosingFields';
import { Section } from '@/running/Section';
import type { ChangeForm } from './useRunForm';
import { useRunInputs } from './useRunInputs';

interface SelectionSectionProps {
  form: RunForm;
  change: ChangeForm;
  errors: FieldErrors;
  preview: Preview | undefined;
  /** The image dataset; undefined until it is known. */
  dataset: DatasetDetails | undefined;
  /** Whether earlier runs have put objects into the same dataset. */
  hasEarlier: boolean;
}

/** How many are selected, and how. */
export function SelectionSection({
  form,
  change,
  errors,
  preview,
  dataset,
  hasEarlier,
}: SelectionSectionProps) {
  const available = preview === undefined ? null : candidates(form, preview);
  const inputs = useRunInputs(form, preview, dataset);
  return (
    <Section title="Selection">
      <ChoosingFields
        choice={form}
        onChange={change}
        available={available}
        meaning={<Meaning form={form} available={available} hasEarlier={hasEarlier} />}
        inputs={inputs}
        dataset={dataset}
        errors={errors}
      />
    </Section>
  );
}

/** About how many there are to choose from: of the whole place, going by the part that was looked at. */
function candidates(form: RunForm, preview: Preview): number {
  if (form.task === '' || form.unit === 'images') return preview.images_listed;
  const categories = preview.tasks.find(({ name }) => name === preview.task)?.categories ?? [];
  const left = countLeft(preview.objects, {
    minScore: form.minScore === '' ? null : form.minScore,
    minSize: form.minSize === '' ? null : form.minSize,
    categoryIds: form.categories === null ? null : categoryIds(form.categories, categories),
  });
  return scaled(left.objects, preview.images_checked, preview.images_listed);
}

interface MeaningProps {
  form: RunForm;
  available: number | null;
  hasEarlier: boolean;
}

function Meaning({ form, available, hasEarlier }: MeaningProps) {
  const value = form.amount.kind === 'share' ? form.amount.percent : form.amount.count;
  if (value === '' || available === null) {
    return (
      <Text size="sm">{value === '' ? 'No amount: the limits of the strategies alone decide' : ' '}</Text>
    );
  }
  const amount = { kind: form.amount.kind, value: form.amount.kind === 'share' ? shareOf(value) : value };
  const unit = form.task === '' ? 'images' : form.unit;
  return (
    <>
      about {count(amountOf(amount, available))} of {count(available)} {unit}
      {hasEarlier &&
        !form.processAll &&
        '; fewer where earlier runs into this crops dataset have dealt with images'}
    </>
  );
}
