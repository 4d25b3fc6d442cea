import { Alert, Badge, Group, Select, Stack, Text } from '@mantine/core';
import { Info } from 'lucide-react';
import type { Preview as PreviewDocument } from '@/api/queries/previews';
import { count, counted } from '@/model/format';
import { colorAt } from '@/model/palette';
import { ColorDot } from '@/ui/ColorDot';
import { FindingItem } from '@/ui/FindingItem';
import { Panel } from '@/ui/Panel';
import { useScheme } from '@/ui/useScheme';
import { FileProblems } from './FileProblems';
import classes from './NewDataset.module.css';
import { PreviewPicture } from './PreviewPicture';

interface PreviewProps {
  preview: PreviewDocument;
  /** Something else is being looked at. */
  isOld: boolean;
  onTask: (task: string) => void;
}

/** What lies in a place: some of its images with their boxes, and what a run would stumble over. */
export function Preview({ preview, isOld, onTask }: PreviewProps) {
  const { images, findings, problems } = preview;
  return (
    <Stack gap="md" style={{ opacity: isOld ? 0.5 : 1 }} aria-busy={isOld}>
      <Panel title="What is there" aside={<Listed preview={preview} />}>
        <Tasks preview={preview} onTask={onTask} />
        {images.length === 0 ? (
          <Text size="sm" c="dimmed" mt="sm">
            There are no images to show.
          </Text>
        ) : (
          <div className={classes.pictures}>
            {images.map((image) => (
              <PreviewPicture key={`${preview.id}-${image.index}`} image={image} />
            ))}
          </div>
        )}
      </Panel>
      <Panel title="Findings" aside={checked(preview)}>
        {findings.length === 0 && problems.length === 0 && (
          <Text size="sm" c="dimmed">
            None. What was looked at is as it should be.
          </Text>
        )}
        <Stack gap="sm">
          {findings.map((finding) => (
            <FindingItem key={finding.code + finding.message} finding={finding} />
          ))}
          <FileProblems problems={problems} />
        </Stack>
      </Panel>
    </Stack>
  );
}

function Listed({ preview }: { preview: PreviewDocument }) {
  return (
    <>
      {preview.is_listing_complete
        ? counted(preview.images_listed, 'image')
        : `more than ${counted(preview.images_listed, 'image')}`}
    </>
  );
}

function checked({ images_checked, objects }: PreviewDocument): string | undefined {
  if (images_checked === 0) return undefined;
  return `${counted(objects.image.length, 'object')} on the first ${counted(images_checked, 'image')} with predictions`;
}

function Tasks({ preview, onTask }: { preview: PreviewDocument; onTask: (task: string) => void }) {
  const { tasks } = preview;
  const current = tasks.find(({ name }) => name === preview.task);
  const unusable = tasks.filter(({ is_usable }) => !is_usable);
  if (tasks.length === 0) {
    return (
      <Alert color="blue" variant="light" icon={<Info size={17} />} title="No predictions here">
        That is fine for a dataset of images: runs choose among whole images then. To cut out objects, put
        predictions below <code>.lightly/predictions</code> in this place.
      </Alert>
    );
  }
  return (
    <Stack gap="xs">
      <Group gap="md" align="flex-end">
        <Select
          label="Prediction task"
          w={320}
          data={tasks.map(({ name, is_usable }) => ({ value: name, label: name, disabled: !is_usable }))}
          value={preview.task}
          allowDeselect={false}
          placeholder="None can be used"
          onChange={(task) => task !== null && onTask(task)}
        />
        {current !== undefined && <Categories preview={preview} />}
      </Group>
      {unusable.map(({ name, problem }) => (
        <Text key={name} size="sm" c="dimmed">
          <b>{name}</b> cannot be cut out: {problem}
        </Text>
      ))}
    </Stack>
  );
}

const SHOWN_CATEGORIES = 24;

function Categories({ preview }: { preview: PreviewDocument }) {
  const scheme = useScheme();
  const categories = preview.tasks.find(({ name }) => name === preview.task)?.categories ?? [];
  const found = new Map<number, number>();
  for (const id of preview.objects.category_id) found.set(id, (found.get(id) ?? 0) + 1);
  const ordered = [...categories].sort((a, b) => (found.get(b.id) ?? 0) - (found.get(a.id) ?? 0));
  return (
    <Group gap={6} pb={4} flex={1}>
      {ordered.slice(0, SHOWN_CATEGORIES).map(({ id, name }) => (
        <Badge
          key={id}
          variant="default"
          tt="none"
          fw={500}
          leftSection={<ColorDot color={colorAt(id, scheme)} size={8} />}
        >
          {name} {count(found.get(id) ?? 0)}
        </Badge>
      ))}
      {ordered.length > SHOWN_CATEGORIES && (
        <Text size="sm" c="dimmed">
          and {counted(ordered.length - SHOWN_CATEGORIES, 'more', 'more')}
        </Text>
      )}
    </Group>
  );
}
