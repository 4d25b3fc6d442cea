import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { queryClient } from '@/api/queryClient';
import { operationsQuery, redoOperation, undoOperation } from '@/api/queries/operations';
import { nextRedo, nextUndo, operationInWords } from '@/model/undo';
import { notifyProblem } from '@/ui/notify';

const SHOWN_MS = 8000;

/** Say what was done to tags, with a way back; null is an operation that changed nothing. */
export function notifyUndoable(message: string, operationId: string | null): void {
  const undo = () => undoOperation(operationId ?? '');
  show(message, operationId === null ? null : { label: 'Undo', act: undo });
}

/** Take back what was done last to the tags of a dataset, in this tab or elsewhere. */
export async function undoLast(datasetId: string): Promise<void> {
  try {
    const operation = nextUndo((await operationsOf(datasetId)).items);
    if (operation === undefined) return show('Nothing to undo', null);
    await undoOperation(operation.id);
    show(`Undone: ${operationInWords(operation.summary)}`, {
      label: 'Redo',
      act: () => redoOperation(operation.id),
    });
  } catch (error) {
    notifyProblem(error);
  }
}

/** Do once more what was undone last. */
export async function redoLast(datasetId: string): Promise<void> {
  try {
    const operation = nextRedo((await operationsOf(datasetId)).items);
    if (operation === undefined) return show('Nothing to redo', null);
    await redoOperation(operation.id);
    show(`Done again: ${operationInWords(operation.summary)}`, {
      label: 'Undo',
      act: () => undoOperation(operation.id),
    });
  } catch (error) {
    notifyProblem(error);
  }
}

/** As the server has them now: what was done a moment ago may not have been told yet. */
const operationsOf = (datasetId: string) =>
  queryClient.fetchQuery({ ...operationsQuery(datasetId), staleTime: 0 });

interface Way {
  label: string;
  act: () => Promise<unknown>;
}

function show(message: string, way: Way | null): void {
  const id = notifications.show({
    color: 'teal',
    autoClose: way === null ? 4000 : SHOWN_MS,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{message}</Text>
        {way !== null && (
          <Button
            size="compact-sm"
            variant="light"
            onClick={() => {
              notifications.hide(id);
              way.act().catch(notifyProblem);
            }}
          >
            {way.label}
          </Button>
        )}
      </Group>
    ),
  });
}
