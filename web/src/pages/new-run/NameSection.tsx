import { TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { datasetsQuery, type Dataset } from '@/api/queries/datasets';
import type { FieldErrors } from '@/model/fieldErrors';
import { counted } from '@/model/format';
import { freeName, nameProblem, type RunForm } from '@/model/runForm';
import { Section } from '@/running/Section';
import type { ChangeForm } from './useRunForm';

interface NameSectionProps {
  form: RunForm;
  change: ChangeForm;
  errors: FieldErrors;
  imageDataset: string;
  /** The crops datasets of these images. */
  crops: readonly Dataset[];
}

/** Where crops go: a new dataset, or one that is there. */
export function NameSection({ form, change, errors, imageDataset, crops }: NameSectionProps) {
  const { data } = useQuery(datasetsQuery);
  const names = new Set((data?.items ?? crops).map((one) => one.name));
  const name = form.cropDatasetName.trim();
  const existing = crops.find((one) => one.name === name);
  const isTaken = existing === undefined && names.has(name);
  const problem = name === '' ? null : isTaken ? 'Another dataset has this name' : nameProblem(name);
  const another = freeName(`${imageDataset}-crops`, names);
  return (
    <Section title="Crops dataset">
      <TextInput
        label="Name"
        placeholder="chosen by the server"
        value={form.cropDatasetName}
        onChange={(event) => change({ cropDatasetName: event.currentTarget.value })}
        error={errors('object_level.crop_dataset_name') ?? problem}
        description={
          existing === undefined
            ? 'A new dataset beside the images'
            : `Adds to the dataset that is there, with ${counted(existing.sample_count, 'object')}. For a new one: ${another}`
        }
      />
    </Section>
  );
}
