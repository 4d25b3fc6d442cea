import { Modal } from '@mantine/core';
import type { DatasetDetails } from '@/api/queries/datasets';
import type { View } from '@/api/queries/views';
import { samplesAsPython } from '@/model/python';
import { CodeBlock } from '@/ui/CodeBlock';

interface ViewPythonProps {
  dataset: DatasetDetails;
  view: View;
  onClose: () => void;
}

/** What passes a view, as code. */
export function ViewPython({ dataset, view, onClose }: ViewPythonProps) {
  return (
    <Modal opened onClose={onClose} size="xl" title="The same in Python">
      <CodeBlock
        label="Copy the code"
        code={samplesAsPython({
          datasetName: dataset.name,
          server: window.location.origin,
          filter: view.rule.filter,
          sort: view.rule.sort,
        })}
      />
    </Modal>
  );
}
