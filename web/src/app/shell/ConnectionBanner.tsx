import { Box, Text } from '@mantine/core';
import { WifiOff } from 'lucide-react';
import { useConnection } from '@/api/events';

/** Says that the server is away, as long as it is. */
export function ConnectionBanner() {
  const isLive = useConnection((state) => state.isLive);
  if (isLive) return null;
  return (
    <Box role="status" px="md" py={7} bg="var(--mantine-color-yellow-light)">
      <Text size="sm" component="div" style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
        <WifiOff size={15} aria-hidden />
        The server does not answer. What you see may be old; this page goes on as soon as it is back.
      </Text>
    </Box>
  );
}
