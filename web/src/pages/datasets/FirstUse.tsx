import { Button, Container, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { CodeBlock } from '@/ui/CodeBlock';

/** What somebody sees who has just installed Swath. */
export function FirstUse() {
  return (
    <Container size="sm" py={72}>
      <Stack gap="lg">
        <Group gap="md" wrap="nowrap">
          <img src="/swath.svg" alt="" width={52} height={52} />
          <Title order={1} fz={28} fw={650}>
            Datasets
          </Title>
        </Group>
        <Text size="md">
          Swath cuts every predicted object out of your images, finds out how they look, and chooses a diverse
          set of objects to label or train on. It works on a folder or bucket of images with predictions
          beside them; nothing is copied or sent anywhere.
        </Text>
        <div>
          <Button component={Link} to="/datasets/new" size="md" leftSection={<Plus size={18} />}>
            New dataset
          </Button>
        </div>
        <div>
          <Text size="sm" fw={600} mb={6}>
            Or from the command line
          </Text>
          <CodeBlock
            code={
              'swath demo-data vehicles_dataset   # street scenes with predictions, to try it on\n' +
              'swath run vehicles_dataset --task vehicles_object_detections --n-samples 0.3'
            }
            label="Copy the commands"
          />
        </div>
      </Stack>
    </Container>
  );
}
