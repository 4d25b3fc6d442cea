import { Badge, Container, Group, Stack } from '@mantine/core';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { DatasetMenu } from '@/acting/datasets/DatasetMenu';
import { meQuery } from '@/api/queries/account';
import { useFamily, type DatasetFamily } from '@/api/queries/datasets';
import { SampleMosaic } from '@/grid/SampleMosaic';
import { PageHeader } from '@/ui/PageHeader';
import { RelativeTime } from '@/ui/RelativeTime';
import { Categories } from './Categories';
import { Facts } from './Facts';
import { FamilySwitch } from './FamilySwitch';
import { Histograms } from './Histograms';
import { Maps } from './Maps';
import { NextActions } from './NextActions';
import classes from './Overview.module.css';
import { Problems } from './Problems';
import { LatestRuns, SavedViews, TagCounts } from './Lists';
import { Place } from './Place';

export default function Page() {
  const { dataset } = useParams({ from: '/d/$dataset' });
  const { family } = useFamily(dataset);
  return family === undefined ? null : <Overview family={family} />;
}

function Overview({ family }: { family: DatasetFamily }) {
  const { dataset } = family;
  const { data: me } = useQuery(meQuery);
  const navigate = useNavigate();
  const isMine = me?.user_id === dataset.owner_id;
  const isEmpty = dataset.sample_count === 0;
  return (
    <Container size="xl" py="lg">
      <PageHeader
        title={dataset.name}
        about={<About family={family} />}
        actions={
          <Group gap="xs" wrap="nowrap">
            {me !== undefined && !isMine && (
              <Badge variant="light" color="gray" tt="none">
                Shared by {dataset.owner}
              </Badge>
            )}
            {isMine && (
              <DatasetMenu
                dataset={dataset}
                crops={dataset.kind === 'crops' ? [] : family.crops}
                onDeleted={() => void navigate({ to: '/' })}
              />
            )}
          </Group>
        }
      />
      <Stack gap="md">
        <FamilySwitch family={family} />
        {!isEmpty && (
          <SampleMosaic dataset={dataset} most={12} columns={12} size={192} empty="No samples yet" />
        )}
        <Facts family={family} />
        <div className={classes.columns}>
          <Stack gap="md" className={classes.main}>
            {!isEmpty && <Categories dataset={dataset} />}
            {!isEmpty && <Histograms family={family} />}
            <Problems dataset={dataset} />
          </Stack>
          <Stack gap="md" className={classes.side}>
            <NextActions family={family} isMine={isMine} />
            <LatestRuns dataset={dataset} />
            <TagCounts dataset={dataset} />
            <SavedViews dataset={dataset} />
            {!isEmpty && <Maps dataset={dataset} />}
            <Place dataset={dataset} />
          </Stack>
        </div>
      </Stack>
    </Container>
  );
}

function About({ family: { dataset, images } }: { family: DatasetFamily }) {
  return (
    <>
      {dataset.kind === 'crops' ? (
        <>
          Objects of task <b>{dataset.task}</b>, cut from{' '}
          <Link to="/d/$dataset" params={{ dataset: images.id }} className={classes.quiet}>
            {images.name}
          </Link>
        </>
      ) : (
        'Images that hold selected objects'
      )}
      {' · changed '}
      <RelativeTime time={dataset.modified_at} />
    </>
  );
}
