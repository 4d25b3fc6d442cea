import { Button, Stack } from '@mantine/core';
import { Play } from 'lucide-react';
import { runAsCommand, runAsPython } from '@/model/asCode';
import type { RunRequest } from '@/model/runForm';
import { AsCode } from '@/running/AsCode';
import { NoWorkerNotice } from '@/running/NoWorkerNotice';
import { Panel } from '@/ui/Panel';
import { ProblemAlert } from '@/ui/ProblemAlert';

interface RunSideProps {
  request: RunRequest;
  /** Where images lie, and where crops go. */
  places: { input: string; output: string };
  isBusy: boolean;
  isReady: boolean;
  error: unknown;
}

/** The button, what came of it, and the same as code. */
export function RunSide({ request, places, isBusy, isReady, error }: RunSideProps) {
  return (
    <>
      <Stack gap="sm">
        <Button
          type="submit"
          size="md"
          fullWidth
          leftSection={<Play size={16} />}
          loading={isBusy}
          disabled={!isReady}
        >
          Start the run
        </Button>
        {error !== null && <ProblemAlert error={error} />}
        <NoWorkerNotice waiting={0} />
      </Stack>
      <Panel title="The same as code">
        <AsCode
          python={runAsPython(request, window.location.origin)}
          command={runAsCommand(request, places)}
        />
      </Panel>
    </>
  );
}
