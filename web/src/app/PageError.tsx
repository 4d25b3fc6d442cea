import { Container } from '@mantine/core';
import { useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { ProblemAlert } from '@/ui/ProblemAlert';

/** What stands in place of a page that failed. */
export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = () => {
    // After an update of the server the parts of an older app are gone: only a reload finds the new ones.
    if (error instanceof Error && /dynamically imported module|module script/i.test(error.message))
      window.location.reload();
    reset();
    void router.invalidate();
  };
  return (
    <Container size="sm" py="xl">
      <ProblemAlert error={error} onRetry={retry} />
    </Container>
  );
}
