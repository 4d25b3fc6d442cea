import {
  ChartNoAxesColumn,
  Dices,
  ListFilter,
  Network,
  Scale,
  ScanSearch,
  Shapes,
  UsersRound,
  type LucideIcon,
} from 'lucide-react';
import type { StrategyType } from '@/model/strategies';

export const STRATEGY_ICONS: Readonly<Record<StrategyType, LucideIcon>> = {
  diversity: Shapes,
  representative: Network,
  typicality: UsersRound,
  similarity: ScanSearch,
  weights: ChartNoAxesColumn,
  threshold: ListFilter,
  balance: Scale,
  random: Dices,
};
