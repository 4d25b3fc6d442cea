import { Tabs, Text } from '@mantine/core';
import { CodeBlock } from '@/ui/CodeBlock';

interface AsCodeProps {
  python: string;
  /** Null where the command line cannot ask for it. */
  command: string | null;
}

/** The same request for those who would rather write it. */
export function AsCode({ python, command }: AsCodeProps) {
  return (
    <Tabs defaultValue="python" keepMounted={false}>
      <Tabs.List>
        <Tabs.Tab value="python">Python</Tabs.Tab>
        <Tabs.Tab value="cli">Command line</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="python" pt="xs">
        <CodeBlock code={python} label="Copy Python" />
      </Tabs.Panel>
      <Tabs.Panel value="cli" pt="xs">
        {command === null ? (
          <Text size="sm" c="dimmed">
            The command line chooses from a whole dataset or from a tag. Tag these samples first, or use
            Python.
          </Text>
        ) : (
          <CodeBlock code={command} label="Copy command" />
        )}
      </Tabs.Panel>
    </Tabs>
  );
}
