import { Alert, Radio, Select, Skeleton, Stack, Text } from '@mantine/core';
import type { Preview } from '@/api/queries/previews';
import type { FieldErrors } from '@/model/fieldErrors';
import { count, counted } from '@/model/format';
import type { RunForm } from '@/model/runForm';
import { Findings } from '@/running/Findings';
import { Section } from '@/running/Section';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { BoxFormatField } from './BoxFormatField';
import type { ChangeForm } from './useRunForm';

interface TaskSectionProps {
  form: RunForm;
  change: ChangeForm;
  errors: FieldErrors;
  preview: Preview | undefined;
  /** Why there is no preview. */
  problem: unknown;
  onRetry: () => void;
  dataset: string;
}

const WHOLE_IMAGES = '';

/** Which predictions become objects, and what is odd about them. */
export function TaskSection({ form, change, errors, preview, problem, onRetry, dataset }: TaskSectionProps) {
  if (problem !== null) {
    return (
      <Section title="Objects" about="What lies in the datasource could not be looked at.">
        <ProblemAlert error={problem} onRetry={onRetry} />
      </Section>
    );
  }
  if (preview === undefined) {
    return (
      <Section title="Objects" about="Looking at the datasource…">
        <Skeleton height={60} role="status" aria-label="Looking at the datasource" />
      </Section>
    );
  }
  const suspectsFormat = preview.findings.some(({ code }) => code.includes('xyxy'));
  return (
    <Section title="Objects" about={seenWords(preview)}>
      <Select
        label="Prediction task"
        description="The boxes of its predictions become objects"
        allowDeselect={false}
        value={form.task}
        onChange={(task) => change({ task: task ?? WHOLE_IMAGES, categories: null, boxFormat: 'xywh' })}
        data={[
          ...preview.tasks.map(({ name, is_usable }) => ({
            value: name,
            label: is_usable ? name : `${name} (cannot be used)`,
            disabled: !is_usable,
          })),
          { value: WHOLE_IMAGES, label: 'None: whole images' },
        ]}
        error={errors('object_level.task_name')}
      />
      <UnusableTasks preview={preview} />
      {preview.findings.length > 0 && (
        <Alert color="gray" variant="light" p="sm" aria-label="Findings">
          <Findings findings={preview.findings} dataset={dataset} />
        </Alert>
      )}
      {form.task !== WHOLE_IMAGES && (
        <>
          {(suspectsFormat || form.boxFormat !== 'xywh') && (
            <BoxFormatField form={form} change={change} errors={errors} />
          )}
          <Radio.Group
            label="Select"
            value={form.unit}
            onChange={(unit) => change({ unit: unit as RunForm['unit'] })}
            error={errors('selection.unit')}
          >
            <Stack gap={8} mt={6}>
              <Radio
                value="objects"
                label="Objects"
                description="Each on its own: the images of chosen ones come with them"
              />
              <Radio
                value="images"
                label="Images"
                description="With all their objects: what is on them decides"
              />
            </Stack>
          </Radio.Group>
        </>
      )}
    </Section>
  );
}

function seenWords(preview: Preview): string {
  const listed = preview.is_listing_complete
    ? counted(preview.images_listed, 'image')
    : `${count(preview.images_listed)} images and more`;
  return preview.task === null
    ? listed
    : `${listed}; predictions of ${count(preview.images_checked)} looked at`;
}

function UnusableTasks({ preview }: { preview: Preview }) {
  const unusable = preview.tasks.filter(({ is_usable }) => !is_usable);
  return unusable.map(({ name, problem }) => (
    <Text key={name} size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
      {name} cannot be used: {problem ?? 'its schema is broken'}
    </Text>
  ));
}
