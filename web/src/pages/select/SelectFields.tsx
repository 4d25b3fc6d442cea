import { Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { selectionCountQuery } from '@/api/queries/selections';
import type { FieldErrors } from '@/model/fieldErrors';
import { count } from '@/model/format';
import { amountOf } from '@/model/previewCounts';
import { NEW_SELECTION, selectionRequestOf, shareOf, type SelectForm } from '@/model/runForm';
import { ChoosingFields } from '@/running/ChoosingFields';
import { Section } from '@/running/Section';
import { TurnFields } from '@/running/TurnFields';
import { useSampleInputs } from '@/running/useSampleInputs';
import { useSources } from './useSources';

interface SelectFieldsProps {
  dataset: DatasetDetails;
  form: SelectForm;
  change: (changed: Partial<SelectForm>) => void;
  errors: FieldErrors;
}

/** What to choose from, how many and how, and how the result is called. */
export function SelectFields({ dataset, form, change, errors }: SelectFieldsProps) {
  const available = useAvailable(dataset, form.source);
  const sources = useSources(dataset, form.source);
  const inputs = useSampleInputs(dataset);
  return (
    <>
      <Section title="Choose from">
        <Select
          label="Samples"
          allowDeselect={false}
          searchable
          value={form.source}
          onChange={(source) => change({ source: source ?? 'all' })}
          data={sources}
          error={errors('input', 'input_tag')}
        />
        <Select
          label="Counts as chosen already"
          description="The rest is chosen for what the samples of this tag lack"
          placeholder="nothing"
          clearable
          clearButtonProps={{ 'aria-label': 'Nothing' }}
          searchable
          value={form.preselectedTag === '' ? null : form.preselectedTag}
          onChange={(preselectedTag) => change({ preselectedTag: preselectedTag ?? '' })}
          data={dataset.tags.filter(({ name }) => name !== 'initial-tag').map(tagOption)}
          error={errors('preselected_tag')}
        />
      </Section>
      <Section title="Selection">
        <ChoosingFields
          choice={form}
          onChange={change}
          available={available}
          meaning={meaning(form, available, inputs.unit)}
          inputs={inputs}
          dataset={dataset}
          errors={errors}
        />
      </Section>
      <Section title="Result">
        <TextInput
          label="New tag"
          description="Empty: a name with the time is made up"
          placeholder="made up"
          value={form.newTag}
          onChange={(event) => change({ newTag: event.currentTarget.value })}
          error={errors('new_tag')}
        />
        <TurnFields
          turn={form}
          onChange={({ priority, runsOn }) => change({ priority, runsOn })}
          errors={errors}
        />
      </Section>
    </>
  );
}

const tagOption = ({ name, size }: { name: string; size: number }) => ({
  value: name,
  label: `${name} · ${count(size)}`,
});

/** How many samples there are to choose from; null until it is known. */
function useAvailable(dataset: DatasetDetails, source: string): number | null {
  const { input } = selectionRequestOf({ ...NEW_SELECTION, source }, dataset.name);
  const counted = useQuery({
    ...selectionCountQuery(dataset.id, source, () => input ?? { all_of: [], except_ids: [] }),
    enabled: input != null,
  });
  if (source === 'all') return dataset.sample_count;
  if (source.startsWith('tag:')) {
    return dataset.tags.find(({ name }) => `tag:${name}` === source)?.size ?? null;
  }
  return counted.data?.count ?? null;
}

function meaning({ amount }: SelectForm, available: number | null, unit: string): string {
  const value = amount.kind === 'share' ? amount.percent : amount.count;
  if (value === '') return 'No amount: the limits of the strategies alone decide';
  if (available === null) return ' ';
  const asked = { kind: amount.kind, value: amount.kind === 'share' ? shareOf(value) : value };
  return `${count(amountOf(asked, available))} of ${count(available)} ${unit}`;
}
