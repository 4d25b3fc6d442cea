import { Input, SegmentedControl } from '@mantine/core';
import type { FieldErrors } from '@/model/fieldErrors';
import type { RunForm } from '@/model/runForm';
import type { ChangeForm } from './useRunForm';

interface BoxFormatFieldProps {
  form: RunForm;
  change: ChangeForm;
  errors: FieldErrors;
}

/** What the four numbers of a box are. */
export function BoxFormatField({ form, change, errors }: BoxFormatFieldProps) {
  return (
    <Input.Wrapper
      label="Box format"
      description="What the four numbers of a box are: corner and size (xywh, as the format says), or two corners (xyxy)"
      error={errors('object_level.box_format')}
    >
      <div style={{ marginTop: 6 }}>
        <SegmentedControl
          size="xs"
          aria-label="Box format"
          value={form.boxFormat}
          onChange={(boxFormat) => change({ boxFormat: boxFormat as RunForm['boxFormat'] })}
          data={[
            { value: 'xywh', label: 'xywh' },
            { value: 'xyxy', label: 'xyxy' },
            { value: 'auto', label: 'Decide by the boxes' },
          ]}
        />
      </div>
    </Input.Wrapper>
  );
}
