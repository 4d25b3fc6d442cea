import { Group, Input, Slider, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { Preview } from '@/api/queries/previews';
import type { FieldErrors } from '@/model/fieldErrors';
import type { RunForm } from '@/model/runForm';
import { Section } from '@/running/Section';
import { RequiredNumber } from '@/ui/NumberField';
import { PaddingPreview } from './PaddingPreview';
import type { ChangeForm } from './useRunForm';

interface PaddingSectionProps {
  form: RunForm;
  change: ChangeForm;
  errors: FieldErrors;
  preview: Preview | undefined;
}

/** How long the slider rests before crops are asked for. */
const REST_MS = 120;

/** How much of the surroundings crops show. */
export function PaddingSection({ form, change, errors, preview }: PaddingSectionProps) {
  const [padding] = useDebouncedValue(form.padding, REST_MS);
  const percent = Math.round(form.padding * 1000) / 10;
  const set = (value: number) => change({ padding: Number((value / 100).toPrecision(12)) });
  return (
    <Section
      title="Crops"
      about="Padding grows a box by a share of its own width and height, half on each side."
    >
      <Input.Wrapper label="Padding" error={errors('object_level.padding')}>
        <Group gap="md" wrap="nowrap" mt={4}>
          <Slider
            flex={1}
            min={0}
            max={100}
            step={1}
            value={Math.min(100, percent)}
            onChange={set}
            label={null}
            thumbLabel="Padding"
          />
          <RequiredNumber
            w={116}
            aria-label="Padding in percent"
            value={percent}
            onChange={set}
            suffix=" %"
            error={errors('object_level.padding') !== undefined}
          />
        </Group>
      </Input.Wrapper>
      {preview !== undefined && preview.objects.category_id.length > 0 ? (
        <PaddingPreview preview={preview} padding={Math.max(0, padding)} />
      ) : (
        <Text size="sm" c="dimmed">
          No object of this task was found to show.
        </Text>
      )}
    </Section>
  );
}
