/** What the cells of a row show. */

import * as format from '../../src/format';
import type { Content, Edited } from '../../src/table/messages';
import { countdown } from './expiry';
import { t } from './host';
import type { Shown } from './model';
import { oneLine } from './visible';

const EDITED: Record<string, Edited | undefined> = {
    // what an edit changes in a column
    key: 'key',
    value: 'value',
    type: 'value',
    size: 'value',
    metadata: 'metadata',
    meta: 'metadata',
    expires: 'expires',
};

/** The text of a cell, with what is changed in place of what is stored. */
export function textOf(shown: Shown, column: string): string {
    const { row, staged } = shown;
    const now = staged?.now;
    const written = isWritten(shown) ? now?.value : undefined;
    switch (column) {
        case 'key':
            return oneLine(shown.name);
        case 'value':
            if (written) {
                return oneLine(written.text?.slice(0, 200) ?? t('binary'));
            }
            return oneLine(row?.damaged ?? row?.preview ?? row?.type ?? '');
        case 'type':
            return written ? '' : (row?.type ?? '');
        case 'size': {
            const size = now && written ? sizeOf(now) : row?.size;
            return size == null ? '' : format.size(size);
        }
        case 'metadata': {
            if (now && now.metadata !== undefined) {
                return oneLine(now.metadata ?? '');
            }
            return row?.metadata === undefined ? '' : oneLine(format.oneLine(row.metadata, 300));
        }
        case 'expires': {
            const expiration = now && now.expiration !== undefined ? now.expiration : row?.expiration;
            return expiration ? countdown(expiration) : '';
        }
        default: {
            const metadata = now?.metadata === undefined ? row?.metadata : parsed(now.metadata);
            return oneLine(field(metadata, column.slice('meta.'.length)));
        }
    }
}

/** Whether a row's value is new, not only its key, metadata or expiration. */
function isWritten({ row, staged }: Shown): boolean {
    return !row || (staged?.edited.includes('value') ?? false);
}

/** The classes of a cell. */
export function classOf(shown: Shown | undefined, column: string, focus: boolean): string {
    const { edited = [], now } = shown?.staged ?? {};
    const classes = ['cell', column];
    if (column === 'value' && shown && !(isWritten(shown) && now?.value) && shown.row?.preview === undefined) {
        classes.push('faint'); // it describes the value instead of showing it
    }
    if (edited.some((one) => one === EDITED[column.split('.')[0]])) {
        classes.push('edited');
    }
    if (focus) {
        classes.push('focus');
    }
    return classes.join(' ');
}

function sizeOf({ value }: Content): number {
    const { text, base64 = '' } = value ?? {};
    return text === undefined ? Math.floor((base64.length * 3) / 4) : new TextEncoder().encode(text).length;
}

function parsed(json: string | null): unknown {
    try {
        return json === null ? undefined : JSON.parse(json);
    } catch {
        return undefined;
    }
}

function field(metadata: unknown, path: string): string {
    let value = metadata;
    for (const name of path.split('.')) {
        value = (value as Record<string, unknown> | null | undefined)?.[name];
    }
    return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}
