import { Button } from '@mantine/core';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { Images } from 'lucide-react';
import { useFamily } from '@/api/queries/datasets';
import { SampleBrowser } from '@/grid/SampleBrowser';
import { useBrowsing } from '@/grid/useBrowsing';
import { EmptyState } from '@/ui/EmptyState';

/** The images of a dataset, with what was predicted on them. */
export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset/images' });
  const search = useSearch({ from: '/d/$dataset/images' });
  const onSearch = useBrowsing('/d/$dataset/images');
  const { family } = useFamily(id);
  if (family === undefined) return null;
  const { dataset, images } = family;
  if (dataset.kind !== 'crops') {
    return <SampleBrowser dataset={dataset} search={search} onSearch={onSearch} />;
  }
  return (
    <EmptyState
      icon={Images}
      title="This is a dataset of objects"
      action={
        <Button component={Link} to={`/d/${images.id}/images`}>
          {images.name}
        </Button>
      }
    >
      The images they were cut out of are in another dataset:
    </EmptyState>
  );
}
