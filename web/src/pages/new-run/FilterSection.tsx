import { MultiSelect, SimpleGrid, Text } from '@mantine/core';
import { useMemo } from 'react';
import type { Preview } from '@/api/queries/previews';
import type { FieldErrors } from '@/model/fieldErrors';
import { count, score } from '@/model/format';
import { countByCategory, countLeft, histogram, quantile } from '@/model/previewCounts';
import { categoryIds, categoryWord, type MaybeNumber, type RunForm } from '@/model/runForm';
import { Section } from '@/running/Section';
import { NumberField } from '@/ui/NumberField';
import { FilterNumber } from './FilterNumber';
import type { ChangeForm } from './useRunForm';

interface FilterSectionProps {
  form: RunForm;
  change: ChangeForm;
  errors: FieldErrors;
  preview: Preview;
}

const BINS = 24;

/** Which objects do not count at all, each filter with how its values spread, and with what they leave together. */
export function FilterSection({ form, change, errors, preview }: FilterSectionProps) {
  const { objects } = preview;
  const task = preview.tasks.find(({ name }) => name === preview.task);
  const categories = task?.categories ?? [];
  const known = useMemo(() => countByCategory(objects), [objects]);
  const scores = useMemo(() => histogram(objects.score, 0, 1, BINS), [objects]);
  const sizes = useMemo(
    () => histogram(objects.shorter_side, 0, Math.ceil(quantile(objects.shorter_side, 0.98)) || 1, BINS),
    [objects],
  );
  const hasScores = objects.score.some((value) => value !== null);
  return (
    <Section title="Filters" about={<CountLeft form={form} preview={preview} />}>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        <FilterNumber
          label="Lowest score"
          description={
            hasScores
              ? 'From 0 to 1; objects without a score pass none'
              : 'No object has a score: any limit leaves none'
          }
          value={form.minScore}
          onChange={(minScore) => change({ minScore })}
          step={0.05}
          error={errors('object_level.min_score')}
          distribution={{ ...scores, label: 'Scores', format: score }}
        />
        <FilterNumber
          label="Smallest size"
          description="Pixels of the shorter side, inside the image"
          value={form.minSize}
          onChange={(minSize) => change({ minSize })}
          step={8}
          suffix=" px"
          error={errors('object_level.min_size')}
          distribution={{ ...sizes, label: 'Shorter sides', format: (edge) => `${Math.round(edge)} px` }}
        />
      </SimpleGrid>
      <MultiSelect
        label="Categories"
        placeholder={form.categories === null ? 'all' : undefined}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'All categories' }}
        value={[...(form.categories ?? [])]}
        onChange={(chosen) => change({ categories: chosen.length === 0 ? null : chosen })}
        data={categories.map((category) => ({
          value: categoryWord(category, categories),
          label: `${category.name} · ${count(known.get(category.id) ?? 0)}`,
        }))}
        error={errors('object_level.categories')}
      />
      <NumberField
        label="Highest overlap"
        description="Of two boxes of an image that overlap more (IoU from 0 to 1), the one with the lower score goes"
        maw={320}
        step={0.05}
        decimalScale={4}
        placeholder="any"
        value={form.maxOverlap === '' ? null : form.maxOverlap}
        onChange={(maxOverlap) => change({ maxOverlap: maxOverlap ?? '' })}
        error={errors('object_level.max_overlap')}
      />
    </Section>
  );
}

const orNull = (value: MaybeNumber): number | null => (value === '' ? null : value);

/** What the filters leave of what was looked at, by the rule of the run. */
function CountLeft({ form, preview }: { form: RunForm; preview: Preview }) {
  const categories = preview.tasks.find(({ name }) => name === preview.task)?.categories ?? [];
  const left = countLeft(preview.objects, {
    minScore: orNull(form.minScore),
    minSize: orNull(form.minSize),
    categoryIds: form.categories === null ? null : categoryIds(form.categories, categories),
  });
  const images = preview.is_listing_complete
    ? count(preview.images_listed)
    : `${count(preview.images_listed)} and more`;
  return (
    <div aria-live="polite">
      <Text span fw={600} c="var(--mantine-color-text)" size="sm">
        {count(left.objects)} of {count(preview.objects.category_id.length)} objects
      </Text>
      ; counted on {count(preview.images_checked)} of {images} images
      {form.maxOverlap !== '' && '. Overlap is not in this count: it is judged by the run, and leaves fewer'}
    </div>
  );
}
