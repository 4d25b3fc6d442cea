import { ActionIcon, Group, Tooltip } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Maximize2, ScatterChart, X } from 'lucide-react';
import type { DatasetDetails } from '@/api/queries/datasets';
import classes from './Inspector.module.css';
import type { WalkSteps } from './useWalkSteps';
import { WalkButtons } from './WalkButtons';

interface InspectorHeadProps {
  dataset: DatasetDetails;
  sampleId: string;
  steps: WalkSteps | null;
  onClose: () => void;
}

/** The ways on from the sample in focus. */
export function InspectorHead({ dataset, sampleId, steps, onClose }: InspectorHeadProps) {
  return (
    <div className={classes.head}>
      {steps === null ? <span /> : <WalkButtons steps={steps} />}
      <Group gap={2} wrap="nowrap">
        <Tooltip label="Show on the map">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Show on the map"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/d/$dataset/embedding"
                params={{ dataset: dataset.id }}
                search={{ focus: sampleId }}
              />
            )}
          >
            <ScatterChart size={17} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Open on a page of its own">
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Open on a page of its own"
            renderRoot={(props) => (
              <Link
                {...props}
                to="/d/$dataset/samples/$sample"
                params={{ dataset: dataset.id, sample: sampleId }}
              />
            )}
          >
            <Maximize2 size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Close (Esc)">
          <ActionIcon variant="subtle" color="gray" aria-label="Close the inspector" onClick={onClose}>
            <X size={18} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </div>
  );
}
