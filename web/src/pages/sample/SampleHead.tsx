import { ActionIcon, Button, Group, Text, Title, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { ArrowLeft, Download, ScatterChart } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { SampleDetails } from '@/api/queries/sample';
import { predictionLabel } from '@/inspector/boxesOf';
import type { WalkSteps } from '@/inspector/useWalkSteps';
import { WalkButtons } from '@/inspector/WalkButtons';
import { baseName } from '@/model/format';
import { samplesPath, unitOf } from '@/model/kinds';
import classes from './Page.module.css';

interface SampleHeadProps {
  dataset: DatasetDetails;
  sample: SampleDetails;
  steps: WalkSteps | null;
}

/** What one looks at, and the ways on from it. */
export function SampleHead({ dataset, sample, steps }: SampleHeadProps) {
  const all = `All ${unitOf(dataset.kind)}s`;
  const path = sample.crop?.parent_file_name ?? sample.file_name;
  return (
    <div className={classes.head}>
      <Group gap="xs" wrap="nowrap" miw={0}>
        <Tooltip label={all}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={all}
            renderRoot={(props) => (
              <Link {...props} to={samplesPath(dataset.kind)} params={{ dataset: dataset.id }} />
            )}
          >
            <ArrowLeft size={18} />
          </ActionIcon>
        </Tooltip>
        <Title order={1} fz="md" fw={600} style={{ whiteSpace: 'nowrap' }}>
          {sample.crop === null ? baseName(path) : predictionLabel(sample.crop)}
        </Title>
        <Text size="sm" c="dimmed" truncate title={path}>
          {sample.crop === null ? path : `in ${path}`}
        </Text>
      </Group>
      <Group gap={4} wrap="nowrap">
        {steps !== null && <WalkButtons steps={steps} />}
        <Button
          size="compact-sm"
          variant="subtle"
          leftSection={<ScatterChart size={15} />}
          renderRoot={(props) => (
            <Link
              {...props}
              to="/d/$dataset/embedding"
              params={{ dataset: dataset.id }}
              search={{ focus: sample.id }}
            />
          )}
        >
          On the map
        </Button>
        <Button
          component="a"
          size="compact-sm"
          variant="subtle"
          leftSection={<Download size={15} />}
          href={sample.file_url}
          download={baseName(sample.file_name)}
        >
          Download
        </Button>
      </Group>
    </div>
  );
}
