import { Button, Container, Group, Select, SimpleGrid, Skeleton, Text, TextInput } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, Search, SearchX } from 'lucide-react';
import { useMemo, useState } from 'react';
import { datasetsQuery } from '@/api/queries/datasets';
import { familiesOf, foundFamilies, orderedFamilies, type FamilyOrder } from '@/model/families';
import { counted } from '@/model/format';
import { EmptyState } from '@/ui/EmptyState';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { FamilyCard } from './FamilyCard';
import { FirstUse } from './FirstUse';

const ORDERS: { value: FamilyOrder; label: string }[] = [
  { value: 'recent', label: 'Recently changed' },
  { value: 'name', label: 'Name' },
  { value: 'size', label: 'Size' },
];

const COLUMNS = { base: 1, sm: 2, lg: 3 };

export default function Page() {
  const { data, error, refetch } = useQuery(datasetsQuery);
  const [text, setText] = useState('');
  const [order, setOrder] = useLocalStorage<FamilyOrder>({
    key: 'swath-datasets-order',
    defaultValue: 'recent',
  });
  const families = useMemo(() => familiesOf(data?.items ?? []), [data]);
  const shown = useMemo(() => orderedFamilies(foundFamilies(families, text), order), [families, text, order]);
  if (error !== null && data === undefined) {
    return (
      <Container size="sm" py="xl">
        <ProblemAlert error={error} onRetry={() => void refetch()} />
      </Container>
    );
  }
  if (data !== undefined && families.length === 0) return <FirstUse />;
  return (
    <Container size="xl" py="lg">
      <PageHeader
        title="Datasets"
        about={data === undefined ? 'Loading…' : aboutOf(families.length, shown.length)}
        actions={
          <Button component={Link} to="/datasets/new" leftSection={<Plus size={16} />}>
            New dataset
          </Button>
        }
      />
      <Group mb="md" gap="sm">
        <TextInput
          flex={1}
          maw={340}
          placeholder="Find a dataset"
          aria-label="Find a dataset by name"
          leftSection={<Search size={15} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Select
          w={180}
          aria-label="Order"
          data={ORDERS}
          value={order}
          allowDeselect={false}
          onChange={(value) => setOrder(value as FamilyOrder)}
        />
      </Group>
      {data === undefined && <LoadingCards />}
      <SimpleGrid cols={COLUMNS} spacing="md">
        {shown.map((family) => (
          <FamilyCard key={family.head.id} family={family} />
        ))}
      </SimpleGrid>
      {data !== undefined && shown.length === 0 && (
        <EmptyState
          icon={SearchX}
          title={`No dataset has “${text.trim()}” in its name`}
          action={
            <Button variant="light" onClick={() => setText('')}>
              Show all
            </Button>
          }
        />
      )}
    </Container>
  );
}

function aboutOf(total: number, shown: number): React.ReactNode {
  return (
    <Text span inherit>
      {shown === total
        ? `${counted(total, 'set')} of images, each with the objects cut from it`
        : `${shown} of ${counted(total, 'set')} of images`}
    </Text>
  );
}

function LoadingCards() {
  return (
    <SimpleGrid cols={COLUMNS} spacing="md" aria-label="Loading the datasets" aria-busy>
      {[0, 1, 2].map((card) => (
        <Skeleton key={card} height={320} radius="lg" />
      ))}
    </SimpleGrid>
  );
}
