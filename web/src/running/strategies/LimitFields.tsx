import { ActionIcon, Button, Group, Input, Select } from '@mantine/core';
import { Plus, X } from 'lucide-react';
import type { FieldErrors } from '@/model/fieldErrors';
import { count } from '@/model/format';
import type { Limits, QuotaRow } from '@/model/runForm';
import type { CategoryName } from '@/model/selectionInputs';
import { NumberField } from '@/ui/NumberField';
import { MoreFields } from './MoreFields';
import classes from './Target.module.css';

interface LimitFieldsProps {
  limits: Limits;
  onChange: (limits: Limits) => void;
  categories: readonly CategoryName[];
  errors: FieldErrors;
}

/** How many objects of one image or of one category may be picked, whatever the strategies would like. */
export function LimitFields({ limits, onChange, categories, errors }: LimitFieldsProps) {
  const { maxPerImage, quotas } = limits;
  const isSaid = maxPerImage !== null || quotas.length > 0;
  const quotaError = errors('selection.quotas');
  const change = (id: number, changed: Partial<QuotaRow>) =>
    onChange({ ...limits, quotas: quotas.map((row) => (row.id === id ? { ...row, ...changed } : row)) });
  const free = categories.filter(({ name }) => !quotas.some(({ category }) => category === name));
  const add = () =>
    onChange({
      ...limits,
      quotas: [
        ...quotas,
        {
          id: Math.max(-1, ...quotas.map(({ id }) => id)) + 1,
          category: free[0]?.name ?? '',
          atLeast: null,
          atMost: null,
        },
      ],
    });
  return (
    <MoreFields
      title="Limits per image and category"
      isOpenAtFirst={isSaid}
      isWrong={errors('selection.max_per_image', 'selection.quotas') !== undefined}
    >
      <NumberField
        label="Most objects of one image"
        maw={240}
        min={1}
        allowDecimal={false}
        placeholder="any number"
        value={maxPerImage}
        onChange={(value) => onChange({ ...limits, maxPerImage: value })}
        error={errors('selection.max_per_image')}
      />
      {(free.length > 0 || quotas.length > 0) && (
        <Input.Wrapper label="Objects of a category" labelElement="div" error={quotaError}>
          <div className={classes.quotas}>
            {quotas.map((row) => (
              <QuotaFields
                key={row.id}
                row={row}
                names={categories.filter(
                  ({ name }) => name === row.category || free.some((one) => one.name === name),
                )}
                onChange={(changed) => change(row.id, changed)}
                onRemove={() => onChange({ ...limits, quotas: quotas.filter(({ id }) => id !== row.id) })}
                isWrong={errors(`selection.quotas.${row.category}`) !== undefined}
              />
            ))}
            {free.length > 0 && (
              <Button
                variant="default"
                size="xs"
                leftSection={<Plus size={14} aria-hidden />}
                onClick={add}
                style={{ alignSelf: 'flex-start' }}
              >
                Add a category
              </Button>
            )}
          </div>
        </Input.Wrapper>
      )}
    </MoreFields>
  );
}

interface QuotaFieldsProps {
  row: QuotaRow;
  names: readonly CategoryName[];
  onChange: (changed: Partial<QuotaRow>) => void;
  onRemove: () => void;
  isWrong: boolean;
}

function QuotaFields({ row, names, onChange, onRemove, isWrong }: QuotaFieldsProps) {
  const options = names.map(({ name, count: size }) => ({
    value: name,
    label: size === null ? name : `${name} · ${count(size)}`,
  }));
  const isKnown = row.category === '' || options.some(({ value }) => value === row.category);
  return (
    <Group gap="xs" wrap="nowrap" align="flex-end">
      <Select
        size="xs"
        aria-label="Category"
        flex={1}
        miw={110}
        maw={240}
        allowDeselect={false}
        searchable
        value={row.category}
        onChange={(category) => category !== null && onChange({ category })}
        data={isKnown ? options : [{ value: row.category, label: row.category }, ...options]}
        error={isWrong}
      />
      <NumberField
        size="xs"
        w={92}
        aria-label={`At least, of ${row.category}`}
        placeholder="at least"
        min={0}
        allowDecimal={false}
        value={row.atLeast}
        onChange={(atLeast) => onChange({ atLeast })}
        error={isWrong}
      />
      <NumberField
        size="xs"
        w={92}
        aria-label={`At most, of ${row.category}`}
        placeholder="at most"
        min={0}
        allowDecimal={false}
        value={row.atMost}
        onChange={(atMost) => onChange({ atMost })}
        error={isWrong}
      />
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`No limit for ${row.category}`}
        onClick={onRemove}
      >
        <X size={14} />
      </ActionIcon>
    </Group>
  );
}
