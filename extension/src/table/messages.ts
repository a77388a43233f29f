/** What the extension and the webview of a table send to each other. */

import type { Clock, Row, ViewOpenResult, ViewState } from '../protocol';
import type { Form } from '../decode';
import type { NamespaceRef } from '../model';
import type { FilterToken } from '../filterTokens';

/** A value: text, or base64 if it isn't UTF-8. */
export interface Body {
    text?: string;
    base64?: string;
}

/** A key's content. A field that is undefined is as stored, and wasn't read or changed. */
export interface Content {
    name: string;
    value?: Body;
    /** JSON; null for none. */
    metadata?: string | null;
    /** Seconds since the epoch; null for never. */
    expiration?: number | null;
    /** Seconds from the save until it expires; `expiration` is about that then. */
    ttl?: number;
}

/** A row with changes that aren't saved. */
export interface StagedRow {
    id: string;
    /** The key as stored; null for a new one. */
    key: string | null;
    /** null: it will be deleted. */
    now: Content | null;
    /** The columns that differ from what is stored, of a row that stays. */
    edited: Edited[];
}

export type Edited = 'key' | 'value' | 'metadata' | 'expires';

/** A row in a request: a stored key, or the id of a staged row. */
export type RowRef = { key: string } | { id: string };

/** A column's id: one of the six, or `meta.FIELD`. */
export interface Column {
    id: string;
    width: number;
    hidden?: boolean;
}

/** The user's arrangement of a table. */
export interface Layout {
    columns: Column[];
    /** Filters by name. */
    filters: Record<string, string>;
    /** The width of the details, in percent of the table; 0 if they are hidden. */
    details: number;
}

/** Where the keys are. */
export interface Place {
    title: string;
    namespace: NamespaceRef;
    /** The config and the store, in words. */
    where: string;
    /** `local`, `shared` or `remote`, in the user's language. */
    word: string;
    /** Whether others see what is written there. */
    remote: boolean;
    readOnly: boolean;
    /** The config, if it no longer declares the namespace. */
    gone?: string;
    /** The clock by which keys expire, if it is moved. */
    clock?: Clock;
    /** Where it is, in words. */
    moved?: string;
}

/** A key as the details show it. */
export interface Details {
    row: RowRef;
    name: string;
    size: number;
    /** The part that was read: the first byte, and the byte after the last one. */
    start: number;
    end: number;
    forms: Form[];
    metadata: string | null;
    expiration: number | null;
    staged: boolean;
}

/** What the menu of a row does with the current row, or those selected with it. */
export type RowAction = 'rename' | 'duplicate' | 'delete';

/** From the extension. */
export type ToView =
    | {
          type: 'start';
          place: Place;
          /** The key whose details are all that is shown. */
          only?: RowRef;
          layout: Layout;
          tokens: FilterToken[];
          strings: Record<string, string>;
      }
    | { type: 'place'; place: Place }
    | { type: 'reopen' }
    | { type: 'opened'; seq: number; result: ViewOpenResult }
    | { type: 'progress'; state: ViewState }
    | { type: 'rows'; seq: number; offset: number; rows: Row[]; matched: number }
    | { type: 'staged'; changed: StagedRow[]; removed: string[]; count: number }
    | { type: 'details'; seq: number; details: Details | null }
    | { type: 'names'; seq: number; names: string[] }
    | { type: 'refused'; row: RowRef; column: string; text: string; problem: string }
    | { type: 'act'; what: RowAction }
    | { type: 'error'; text: string; isReading: boolean };

/** From the webview. */
export type FromView =
    | { type: 'ready' }
    | { type: 'open'; seq: number; filter: string; sort: string; descending: boolean }
    | { type: 'cancel' }
    | { type: 'rows'; seq: number; offset: number; limit: number }
    | { type: 'names'; seq: number; offset: number; limit: number }
    | { type: 'details'; seq: number; row: RowRef; start?: number }
    | { type: 'begin'; row: RowRef }
    | { type: 'edit'; row: RowRef; change: Partial<Content>; column?: string }
    | { type: 'add'; contents: Content[] }
    | { type: 'duplicate'; row: RowRef }
    | { type: 'delete'; rows: RowRef[] }
    | { type: 'deleteMatches' }
    | { type: 'restore'; rows: RowRef[] }
    | { type: 'layout'; layout: Layout }
    | { type: 'saveFilter'; filter: string }
    | { type: 'run'; what: 'save' | 'revert' | 'preview' | 'seed' | 'compare' }
    | { type: 'value'; row: RowRef; what: 'open' | 'saveAs' | 'details' }
    | { type: 'jump'; row: RowRef; before: boolean }
    | { type: 'copy'; rows: RowRef[]; what: 'keys' | 'rows' };
