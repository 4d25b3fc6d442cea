import { Stack } from '@mantine/core';
import type { MaybeNumber } from '@/model/runForm';
import { Histogram } from '@/ui/Histogram';
import { NumberField } from '@/ui/NumberField';

interface FilterNumberProps {
  label: string;
  description?: string;
  value: MaybeNumber;
  onChange: (value: MaybeNumber) => void;
  step: number;
  suffix?: string;
  error?: string;
  distribution: { edges: number[]; counts: number[]; label: string; format: (edge: number) => string };
}

/** A lower limit, below how values spread; a click on a bar sets it there. */
export function FilterNumber({
  label,
  description,
  value,
  onChange,
  step,
  suffix,
  error,
  distribution,
}: FilterNumberProps) {
  return (
    <Stack gap={8}>
      <NumberField
        label={label}
        description={description}
        step={step}
        decimalScale={4}
        suffix={suffix}
        placeholder="any"
        value={value === '' ? null : value}
        onChange={(next) => onChange(next ?? '')}
        error={error}
      />
      <Histogram
        {...distribution}
        height={48}
        range={[value === '' ? null : value, null]}
        onPick={(low) => onChange(low === 0 ? '' : Math.round(low * 1000) / 1000)}
      />
    </Stack>
  );
}
