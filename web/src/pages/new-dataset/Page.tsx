import { Container, Stack } from '@mantine/core';
import { useState } from 'react';
import { usePreview, type PreviewRequest } from '@/api/queries/previews';
import { credentialsOf, kindOfPlace, SERVERS_OWN, type Access } from '@/model/places';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemAlert } from '@/ui/ProblemAlert';
import { CreateForm } from './CreateForm';
import { PlaceForm } from './PlaceForm';
import { Preview } from './Preview';

/** From a place to a dataset: look at what is there first; nothing is stored before it is created. */
export default function Page() {
  const [place, setPlace] = useState('');
  const [access, setAccess] = useState<Access>(SERVERS_OWN);
  const [request, setRequest] = useState<PreviewRequest | null>(null);
  const preview = usePreview(request);

  const look = () => {
    const datasource = place.trim();
    const next = {
      datasource,
      credentials: credentialsOf(kindOfPlace(datasource), access),
      box_format: BOXES,
    };
    // The same place again: somebody has put something right there.
    if (JSON.stringify(next) === JSON.stringify(request)) void preview.refetch();
    else setRequest(next);
  };
  const shown = preview.error === null ? preview.data : undefined;
  const isOfPlace = shown !== undefined && request?.datasource === place.trim();
  return (
    <Container size="lg" py="lg">
      <PageHeader
        title="New dataset"
        about="Say where the images are and see what is there. Nothing is stored until you create the dataset."
      />
      <Stack gap="lg">
        <PlaceForm
          place={place}
          onPlace={setPlace}
          access={access}
          onAccess={setAccess}
          onLook={look}
          isLooking={preview.isFetching}
        />
        {preview.error !== null && <ProblemAlert error={preview.error} />}
        {shown !== undefined && isOfPlace && request !== null && (
          <>
            <Preview
              preview={shown}
              isOld={preview.isPlaceholderData}
              onTask={(task) => setRequest({ ...request, task })}
            />
            <CreateForm key={request.datasource} place={place.trim()} access={access} preview={shown} />
          </>
        )}
      </Stack>
    </Container>
  );
}

/** How boxes are written unless a run is told otherwise. */
const BOXES = 'xywh' as const;
