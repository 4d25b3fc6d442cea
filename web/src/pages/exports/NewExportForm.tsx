import { Button, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { DatasetDetails } from '@/api/queries/datasets';
import {
  useCreateExport,
  useExportPreview,
  type ExportFormat,
  type ExportOptions,
  type NewExport,
} from '@/api/queries/exports';
import { DAY_S, sourceRequest, titleOf, usableOptions, type Source } from '@/model/exports';
import { counted } from '@/model/format';
import { unitOf } from '@/model/kinds';
import { selectorOf, useSelection } from '@/model/selection';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { FormatCards } from './FormatCards';
import { LabelStudioSteps } from './LabelStudioSteps';
import { OptionFields } from './OptionFields';
import { PreviewBox } from './PreviewBox';
import { SourceSelect } from './SourceSelect';

interface NewExportFormProps {
  dataset: DatasetDetails;
  /** The samples that the address asks for. */
  begin: Source;
}

/** From which samples, in which form, and what the file would look like. */
export function NewExportForm({ dataset, begin }: NewExportFormProps) {
  const [source, setSource] = useState<Source>(begin);
  const [format, setFormat] = useState<ExportFormat>('label-studio');
  const [options, setOptions] = useState<ExportOptions>({ expires_in_s: 7 * DAY_S });
  const picked = useSelection((state) => state.members);
  const asked: NewExport = {
    format,
    ...sourceRequest(source, () => selectorOf(picked)),
    options: usableOptions(format, dataset.kind, options),
  };
  const preview = useExportPreview(dataset.id, asked);
  const creation = useCreateExport(dataset.id);
  const found = preview.error === null ? preview.data : undefined;
  return (
    <Stack gap="md">
      <SourceSelect dataset={dataset} source={source} onChange={setSource} />
      <FormatCards kind={dataset.kind} format={format} onChange={setFormat} />
      <Panel
        title={titleOf(format)}
        aside={found && `of ${counted(found.sample_count, unitOf(dataset.kind))}`}
      >
        <Stack gap="md">
          <OptionFields kind={dataset.kind} format={format} options={options} onChange={setOptions} />
          {preview.error !== null && <ProblemAlert error={preview.error} />}
          {found !== undefined && <PreviewBox preview={found} isOld={preview.isPlaceholderData} />}
          {creation.error !== null && <ProblemAlert error={creation.error} />}
          <Group gap="sm">
            <Button
              onClick={() => creation.mutate(asked)}
              loading={creation.isPending}
              disabled={found === undefined || found.sample_count === 0}
            >
              Make the file
            </Button>
            {found?.sample_count === 0 && (
              <Text size="sm" c="dimmed">
                No sample is meant, so there would be nothing in it.
              </Text>
            )}
          </Group>
          {format === 'label-studio' && <LabelStudioSteps dataset={dataset.id} asked={asked} />}
        </Stack>
      </Panel>
    </Stack>
  );
}
