import { Button, Menu, Text } from '@mantine/core';
import { Plus } from 'lucide-react';
import { STRATEGY_WORDS, type Strategy } from '@/model/strategies';
import { STRATEGY_ICONS } from './icons';

interface AddStrategyProps {
  strategies: readonly Strategy[];
  onAdd: (strategy: Strategy) => void;
}

/** One more strategy, of a list that says what each does. */
export function AddStrategy({ strategies, onAdd }: AddStrategyProps) {
  return (
    <Menu position="bottom-start" shadow="md" width={340} returnFocus={false}>
      <Menu.Target>
        <Button
          variant="default"
          size="xs"
          leftSection={<Plus size={14} aria-hidden />}
          style={{ alignSelf: 'flex-start' }}
        >
          Add a strategy
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {strategies.map((strategy) => {
          const { title, about } = STRATEGY_WORDS[strategy.type];
          const Icon = STRATEGY_ICONS[strategy.type];
          return (
            <Menu.Item
              key={strategy.type}
              leftSection={<Icon size={16} aria-hidden />}
              onClick={() => onAdd(strategy)}
            >
              {title}
              <Text size="xs" c="dimmed">
                {about}
              </Text>
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
