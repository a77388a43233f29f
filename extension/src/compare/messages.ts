/** What the extension and the webview of a comparison send to each other. */

import type { FilterToken } from '../filterTokens';
import type {
    ComparedKind,
    ComparedRow,
    ComparisonProgress,
    ComparisonSide,
    ComparisonState,
    CopyPlan,
} from '../protocol';

export type Which = 'left' | 'right';

/** Keys that are to be copied: what was asked for, and what it does. */
export interface Planned extends CopyPlan {
    to: Which;
    /** null: all that are shown. */
    keys: string[] | null;
    deletes: boolean;
}

/** A side, with its place in the user's language. */
export interface ShownSide extends ComparisonSide {
    word: string;
}

/** From the extension. */
export type ToComparison =
    | {
          type: 'start';
          title: string;
          left: ShownSide;
          right: ShownSide;
          progress: ComparisonProgress;
          tokens: FilterToken[];
          strings: Record<string, string>;
      }
    | { type: 'state'; state: ComparisonState }
    | { type: 'shown'; seq: number; progress: ComparisonProgress; problem?: string }
    | { type: 'rows'; seq: number; offset: number; rows: ComparedRow[] }
    | { type: 'names'; seq: number; names: string[] }
    | { type: 'planned'; plan: Planned | null }
    | { type: 'busy'; busy: boolean }
    | { type: 'error'; text: string; canRetry: boolean };

/** From the webview. */
export type FromComparison =
    | { type: 'ready' }
    | { type: 'show'; seq: number; filter: string; kinds: ComparedKind[] }
    | { type: 'rows' | 'names'; seq: number; offset: number; limit: number; planned: boolean }
    | { type: 'plan'; to: Which; keys: string[] | null; deletes: boolean }
    | { type: 'copy'; plan: Planned }
    | { type: 'diff'; key: string }
    | { type: 'copyKeys'; keys: string[] }
    | { type: 'retry' | 'refresh' | 'cancel' };
