import { Stack, Text } from '@mantine/core';
import { shell } from '@/model/asCode';
import { CodeBlock } from '@/ui/CodeBlock';
import { TextLink } from '@/ui/TextLink';

/** How a machine becomes a worker of this server. */
export function JoinCommand() {
  const server = window.location.origin;
  return (
    <Stack gap="xs">
      <CodeBlock
        code={`SWATH_TOKEN=… swath worker ${shell(`server=${server}`)}`}
        label="Copy the command that starts a worker"
      />
      <Text size="sm" c="dimmed">
        Run it on any machine where Swath is installed and which reaches this server and the images. It needs
        a token:{' '}
        <TextLink to="/settings" size="sm" underline="always">
          make one in the settings
        </TextLink>
        . Labels, such as <code>labels=gpu,large</code>, let runs choose their workers.
      </Text>
    </Stack>
  );
}
