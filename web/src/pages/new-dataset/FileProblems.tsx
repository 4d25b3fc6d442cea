import { Table, Text } from '@mantine/core';
import type { Preview } from '@/api/queries/previews';
import classes from './NewDataset.module.css';

/** Each place in a file that breaks the format. */
export function FileProblems({ problems }: { problems: Preview['problems'] }) {
  if (problems.length === 0) return null;
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table fz={13} verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>File and place in it</Table.Th>
            <Table.Th>What stands there</Table.Th>
            <Table.Th>What was expected</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {problems.map(({ file, json_path, value, expected, hint }, at) => (
            <Table.Tr key={at}>
              <Table.Td className={classes.code}>
                {file}
                <Text size="xs" c="dimmed" ff="monospace">
                  {json_path}
                </Text>
              </Table.Td>
              <Table.Td className={classes.code}>{value}</Table.Td>
              <Table.Td>
                {expected}
                {hint && (
                  <Text size="xs" c="dimmed">
                    {hint}
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
