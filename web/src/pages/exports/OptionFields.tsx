import { Checkbox, Group, SegmentedControl, Select, Text } from '@mantine/core';
import type { ExportFormat, ExportOptions } from '@/api/queries/exports';
import { expiriesOf, optionsOf, usableOptions, type OptionName } from '@/model/exports';

interface OptionFieldsProps {
  kind: string;
  format: ExportFormat;
  options: ExportOptions;
  onChange: (options: ExportOptions) => void;
}

/** What can be chosen about a format; nothing else is shown. */
export function OptionFields({ kind, format, options, onChange }: OptionFieldsProps) {
  const usable = optionsOf(format, kind);
  const has = (name: OptionName) => usable.includes(name);
  const usualUnit = format === 'filenames' ? 'crops' : 'images';
  return (
    <Group gap="lg" align="flex-end">
      {has('unit') && (
        <div>
          <Text size="sm" fw={500} mb={2} id="unit-label">
            One record for each
          </Text>
          <SegmentedControl
            aria-labelledby="unit-label"
            data={[
              { value: 'images', label: 'Image, with its boxes' },
              { value: 'crops', label: 'Crop' },
            ]}
            value={options.unit ?? usualUnit}
            onChange={(value) => onChange({ ...options, unit: value as 'images' | 'crops' })}
          />
        </div>
      )}
      {has('expires_in_s') && (
        <Select
          label={format === 'label-studio' ? 'Links to images and file expire' : 'Link to the file expires'}
          w={230}
          data={expiriesOf(format).map(({ value, label }) => ({ value: String(value), label }))}
          value={String(usableOptions(format, kind, options).expires_in_s)}
          allowDeselect={false}
          onChange={(value) => onChange({ ...options, expires_in_s: Number(value) })}
        />
      )}
      {has('include_metadata') && (
        <Checkbox
          mb={8}
          label="With metadata"
          checked={options.include_metadata ?? false}
          onChange={(event) => onChange({ ...options, include_metadata: event.currentTarget.checked })}
        />
      )}
      {has('include_images') && (
        <Checkbox
          mb={8}
          label="With the image files"
          checked={options.include_images ?? false}
          onChange={(event) => onChange({ ...options, include_images: event.currentTarget.checked })}
        />
      )}
    </Group>
  );
}
