import { Button } from '@mantine/core';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { Boxes } from 'lucide-react';
import { useFamily, type DatasetFamily } from '@/api/queries/datasets';
import { SampleBrowser } from '@/grid/SampleBrowser';
import { useBrowsing } from '@/grid/useBrowsing';
import { EmptyState } from '@/ui/EmptyState';

/** The objects of a crops dataset. */
export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset/objects' });
  const search = useSearch({ from: '/d/$dataset/objects' });
  const onSearch = useBrowsing('/d/$dataset/objects');
  const { family } = useFamily(id);
  if (family === undefined) return null;
  if (family.dataset.kind !== 'crops') return <NotObjects family={family} />;
  return <SampleBrowser dataset={family.dataset} search={search} onSearch={onSearch} />;
}

/** Image datasets have no objects themselves, but crops datasets may have been made of them. */
function NotObjects({ family: { dataset, crops } }: { family: DatasetFamily }) {
  const [first] = crops;
  if (first === undefined) {
    return (
      <EmptyState
        icon={Boxes}
        title="No objects have been cut out yet"
        action={
          <Button component={Link} to={`/d/${dataset.id}/run`}>
            New run
          </Button>
        }
      >
        A run cuts the objects out of the images of <b>{dataset.name}</b> and selects among them.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={Boxes}
      title="This is a dataset of images"
      action={crops.map(({ id, name }) => (
        <Button key={id} component={Link} to={`/d/${id}/objects`} variant="light" mx={4}>
          {name}
        </Button>
      ))}
    >
      The objects of <b>{dataset.name}</b> are in {crops.length === 1 ? 'another dataset' : 'other datasets'}:
    </EmptyState>
  );
}
