import { Container, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { meQuery } from '@/api/queries/account';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { About } from './About';
import { Appearance } from './Appearance';
import { Diagnostics } from './Diagnostics';
import { Tokens } from './Tokens';
import { Users } from './Users';
import { WhoAmI } from './WhoAmI';

export default function Page() {
  const { data: me, error } = useQuery(meQuery);
  return (
    <Container size="md" py="lg">
      <PageHeader title="Settings" />
      <Stack gap="md">
        {error !== null && <ProblemAlert error={error} />}
        {me !== undefined && <WhoAmI me={me} />}
        <Appearance />
        {me !== undefined && me.scope !== 'read-only' && <Tokens me={me} />}
        {me?.scope === 'owner' && <Users />}
        <Diagnostics />
        <About />
      </Stack>
    </Container>
  );
}
