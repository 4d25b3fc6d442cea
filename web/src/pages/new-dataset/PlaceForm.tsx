import { Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { FolderSearch } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { describedKind, kindOfPlace, KINDS, type Access, type PlaceKind } from '@/model/places';
import { AccessFields } from './AccessFields';

interface PlaceFormProps {
  place: string;
  onPlace: (place: string) => void;
  access: Access;
  onAccess: (access: Access) => void;
  onLook: () => void;
  isLooking: boolean;
}

/** Where the images are. What is written decides of which kind the place is; the tabs say how to write one. */
export function PlaceForm({ place, onPlace, access, onAccess, onLook, isLooking }: PlaceFormProps) {
  const [tab, setTab] = useState<PlaceKind>('folder');
  const kind = place.trim() === '' ? tab : kindOfPlace(place);
  const { label, placeholder, about } = describedKind(kind);
  const choose = (next: PlaceKind) => {
    setTab(next);
    if (kindOfPlace(place) !== next) onPlace(next === 'folder' ? '' : `${next}://`);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLook();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <SegmentedControl
          w="fit-content"
          aria-label="Kind of place"
          data={KINDS.map((one) => ({ value: one.kind, label: one.label }))}
          value={kind}
          onChange={(value) => choose(value as PlaceKind)}
        />
        <Group align="flex-end" gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            label={kind === 'folder' ? 'Folder' : `Place in ${label}`}
            description={about}
            placeholder={placeholder}
            value={place}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onPlace(event.currentTarget.value)}
          />
          <Button
            type="submit"
            leftSection={<FolderSearch size={16} aria-hidden />}
            disabled={place.trim() === '' || place.trim().endsWith('://')}
            loading={isLooking}
          >
            Look
          </Button>
        </Group>
        {kind === 'folder' ? (
          <Text size="sm" c="dimmed">
            Predictions are read from <code>.lightly/predictions</code> in it, crops are written below{' '}
            <code>.lightly/crops</code>; all else stays as it is. A server that other machines reach takes
            only folders below those it was started with: <code>--root FOLDER</code>.
          </Text>
        ) : (
          <AccessFields kind={kind} access={access} onChange={onAccess} />
        )}
      </Stack>
    </form>
  );
}
