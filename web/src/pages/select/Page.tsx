import { Container } from '@mantine/core';
import { PageHeader } from '@/ui/PageHeader';

export default function Page() {
  return (
    <Container size="lg" py="lg">
      <PageHeader title="Select again" />
    </Container>
  );
}
