import { Group, Kbd, Modal, SimpleGrid, Stack, Text } from '@mantine/core';
import { useKeys } from '@/ui/useKeys';
import { helpSheet, useHelpSheet } from './helpSheetState';

const KEYS: readonly { title: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Anywhere',
    keys: [
      ['Ctrl K', 'Find a page or an action'],
      ['?', 'These keys'],
      ['g d', 'Datasets'],
      ['g o', 'Objects'],
      ['g i', 'Images'],
      ['g e', 'Embedding'],
      ['g t', 'Tags'],
      ['g r', 'Runs'],
      ['Ctrl Z', 'Undo the last change of tags'],
      ['Ctrl Shift Z', 'Redo it'],
    ],
  },
  {
    title: 'Objects and images',
    keys: [
      ['Arrows, h j k l', 'Move'],
      ['Space', 'Pick or drop'],
      ['Shift Arrows', 'Pick a range'],
      ['Ctrl A', 'Pick all that pass the filter'],
      ['Enter', 'Open in the inspector'],
      ['Esc', 'Close the inspector, then clear'],
      ['/', 'Search by file name'],
      ['[ and ]', 'Smaller and larger tiles'],
      ['b', 'Boxes or surroundings on and off'],
    ],
  },
  {
    title: 'What is picked',
    keys: [
      ['t', 'Tag'],
      ['1 to 9', 'Quick tags'],
      ['n', 'Most similar first'],
    ],
  },
  {
    title: 'Embedding',
    keys: [
      ['v, l, r', 'Pan, lasso, rectangle'],
      ['Shift drag', 'Lasso'],
      ['+ Ctrl', 'Add to what is picked'],
      ['+ Alt', 'Take from what is picked'],
      ['c', 'Colour by'],
      ['f', 'Fit everything'],
    ],
  },
];

/** All keys, on `?`. */
export function HelpSheet() {
  const isOpen = useHelpSheet((state) => state.isOpen);
  useKeys({ '?': helpSheet.open });
  return (
    <Modal opened={isOpen} onClose={helpSheet.close} title="Keys" size="xl">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" verticalSpacing="lg">
        {KEYS.map(({ title, keys }) => (
          <Stack key={title} gap={6}>
            <Text fw={600} size="sm">
              {title}
            </Text>
            {keys.map(([key, meaning]) => (
              <Group key={key} justify="space-between" wrap="nowrap" gap="lg">
                <Text size="sm" c="dimmed">
                  {meaning}
                </Text>
                <Kbd size="xs" style={{ whiteSpace: 'nowrap' }}>
                  {key}
                </Kbd>
              </Group>
            ))}
          </Stack>
        ))}
      </SimpleGrid>
    </Modal>
  );
}
