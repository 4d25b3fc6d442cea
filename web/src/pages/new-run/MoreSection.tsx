import { Autocomplete, Checkbox, Collapse, Stack, TextInput, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ChevronRight } from 'lucide-react';
import type { FieldErrors } from '@/model/fieldErrors';
import { DEFAULT_EMBEDDER, type RunForm } from '@/model/runForm';
import { Section } from '@/running/Section';
import { TurnFields } from '@/running/TurnFields';
import type { ChangeForm } from './useRunForm';

interface MoreSectionProps {
  form: RunForm;
  change: ChangeForm;
  errors: FieldErrors;
}

const HIDDEN_FIELDS = [
  'embedder',
  'remove_exact_duplicates',
  'relevant_filenames_file',
  'priority',
  'runs_on',
];

/** What most runs leave as it is. */
export function MoreSection({ form, change, errors }: MoreSectionProps) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const isShown = isOpen || errors(...HIDDEN_FIELDS) !== undefined;
  return (
    <Section title="Run">
      <Checkbox
        label="All images, also those that earlier runs have dealt with"
        description="Otherwise only images that are new or have changed"
        checked={form.processAll}
        onChange={(event) => change({ processAll: event.currentTarget.checked })}
      />
      <UnstyledButton
        onClick={toggle}
        aria-expanded={isShown}
        fz="sm"
        fw={500}
        c="var(--mantine-primary-color-light-color)"
      >
        <ChevronRight
          size={14}
          style={{ verticalAlign: '-2px', transform: isShown ? 'rotate(90deg)' : undefined }}
          aria-hidden
        />{' '}
        More options
      </UnstyledButton>
      <Collapse expanded={isShown}>
        <Stack gap="md">
          <TurnFields
            turn={form}
            onChange={({ priority, runsOn }) => change({ priority, runsOn })}
            errors={errors}
          />
          <Autocomplete
            label="Embedder"
            description="A built-in one, the path of an ONNX file on the worker, or hub:owner/name"
            data={[DEFAULT_EMBEDDER, `${DEFAULT_EMBEDDER}-fp32`]}
            value={form.embedder}
            onChange={(embedder) => change({ embedder })}
            error={errors('embedder')}
          />
          <TextInput
            label="Only the images of a list"
            description="A file below .lightly/ that names the relevant images, one a line"
            placeholder="all images"
            value={form.relevantFilenames}
            onChange={(event) => change({ relevantFilenames: event.currentTarget.value })}
            error={errors('relevant_filenames_file')}
          />
          <Checkbox
            label="Leave out exact duplicates"
            description="Of images with equal bytes only the first counts"
            checked={form.removeDuplicates}
            onChange={(event) => change({ removeDuplicates: event.currentTarget.checked })}
          />
        </Stack>
      </Collapse>
    </Section>
  );
}
