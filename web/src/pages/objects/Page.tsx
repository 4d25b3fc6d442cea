import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useDataset } from '@/api/queries/datasets';
import { SampleGrid } from '@/grid/SampleGrid';

export default function Page() {
  const { dataset: id } = useParams({ from: '/d/$dataset/objects' });
  const search = useSearch({ from: '/d/$dataset/objects' });
  const navigate = useNavigate({ from: '/d/$dataset/objects' });
  const { data } = useDataset(id);
  if (data === undefined) return null;
  return (
    <SampleGrid
      dataset={data}
      filter={search.q}
      sort={search.sort}
      tile={search.tile ?? 128}
      showContext={search.context}
      focus={search.focus}
      ownsKeys
      onOpen={(sample) =>
        void navigate({
          search: (old) => ({ ...old, focus: sample.id }),
          replace: search.focus !== undefined,
        })
      }
      onClose={() => void navigate({ search: ({ focus: _, ...old }) => old, replace: true })}
    />
  );
}
