import { Loader, Modal, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { DatasetDetails } from '@/api/queries/datasets';
import { storeSelection } from '@/api/queries/selections';
import type { Bitmap } from '@/model/bitmap';
import { samplesAsPython } from '@/model/python';
import { selectorOf } from '@/model/selection';
import { CodeBlock } from '@/ui/CodeBlock';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { ruleBehind, useShownRule } from './shownRule';

interface PythonDialogProps {
  dataset: DatasetDetails;
  members: Bitmap;
  onClose: () => void;
}

/** The picked samples as code: by the filter where it says the same, else by a selection that the server keeps. */
export function PythonDialog({ dataset, members, onClose }: PythonDialogProps) {
  const shown = useShownRule();
  const { data, error } = useQuery({
    queryKey: ['samples', dataset.id, 'python', members.toBase64(), shown],
    queryFn: async () => {
      const rule = await ruleBehind(dataset.id, members, shown);
      if (rule !== null) return { rule, filter: rule.filter };
      const { id } = await storeSelection(dataset.id, selectorOf(members));
      return { rule, filter: { selection_id: id } };
    },
  });
  return (
    <Modal opened onClose={onClose} size="xl" title="The same in Python">
      {error !== null && <ProblemAlert error={error} />}
      {data === undefined && error === null && <Loader size="sm" aria-label="Preparing the code" />}
      {data !== undefined && (
        <>
          <Text size="sm" mb="sm">
            {data.rule === null
              ? 'The server keeps these samples under an id: the code finds the same ones later, too.'
              : 'The code asks with the filter of this page: later it finds what passes it then.'}
          </Text>
          <CodeBlock
            label="Copy the code"
            code={samplesAsPython({
              datasetName: dataset.name,
              server: window.location.origin,
              filter: data.filter,
              sort: data.rule?.sort,
            })}
          />
        </>
      )}
    </Modal>
  );
}
