import { List, Text } from '@mantine/core';
import { useExportPreview, type NewExport } from '@/api/queries/exports';
import { CodeBlock } from '@/ui/CodeBlock';

interface LabelStudioStepsProps {
  dataset: string;
  /** The export of tasks that the configuration has to fit. */
  asked: NewExport;
}

/** What to do with the file of tasks. */
export function LabelStudioSteps({ dataset, asked }: LabelStudioStepsProps) {
  const { data } = useExportPreview(dataset, {
    ...asked,
    format: 'label-studio-config',
    options: { unit: asked.options?.unit },
  });
  const configuration = data?.records[0]?.trimEnd() ?? '';
  // The server shortens what is long, which would be no configuration any more.
  const isWhole = configuration.endsWith('</View>');
  return (
    <section aria-label="Into Label Studio">
      <Text size="sm" fw={600} mb={6}>
        Into Label Studio
      </Text>
      <List type="ordered" size="sm" spacing={8}>
        <List.Item>
          Make a project. In its settings, <b>Labeling interface › Code</b>, put this in:
          {isWhole ? (
            <div style={{ margin: '8px 0', maxHeight: 220, overflow: 'auto' }}>
              <CodeBlock code={configuration} label="Copy the labelling configuration" />
            </div>
          ) : (
            <Text size="sm" c="dimmed">
              what the format “Label Studio configuration” exports; it is too long to be shown here.
            </Text>
          )}
        </List.Item>
        <List.Item>
          <b>Import</b> the file, or its link as a dataset URL. The images stay here: their links have to
          reach this server from the browsers of those who label, and expire as chosen above.
        </List.Item>
        <List.Item>
          In the settings, <b>Annotation › Use predictions to prelabel tasks</b>: the boxes stand there to be
          corrected.
        </List.Item>
      </List>
    </section>
  );
}
