/** Rows from the clipboard: JSON like a seed file's, or lines of key, value, metadata, expiration. */

import type { Content } from '../../src/table/messages';
import { parseExact } from '../../src/exactJson';
import { expiryOf, now } from './expiry';
import { t } from './host';

interface Item {
    key?: unknown;
    name?: unknown;
    value?: unknown;
    base64?: unknown;
    metadata?: unknown;
    expiration?: unknown;
    expiration_ttl?: unknown;
}

/** Return the rows of a pasted text. Throws Error with what is wrong and where. */
export function parseRows(text: string): Content[] {
    return /^\s*[[{]/.test(text) ? parseJson(text) : parseLines(text);
}

function parseJson(text: string): Content[] {
    let parsed: unknown;
    try {
        parsed = parseExact(text);
    } catch (error) {
        throw new Error(t('The pasted text is not JSON: {0}', error instanceof Error ? error.message : String(error)));
    }
    if (!Array.isArray(parsed) && !isItem(parsed as Item)) {
        return Object.entries(parsed as object).map(([name, value]) => ({ name, value: { text: textOf(value) } }));
    }
    return [parsed as Item | Item[]].flat().map((item, at) => {
        const name = item?.key ?? item?.name;
        if (typeof name !== 'string') {
            throw new Error(t('Item {0} of the pasted list has no "key".', at + 1));
        }
        const value = textOf(item.value ?? '');
        return {
            name,
            value: item.base64 === true ? { base64: value } : { text: value },
            metadata: item.metadata === undefined ? null : JSON.stringify(item.metadata),
            expiration: expirationOf(item),
        };
    });
}

/** Whether an object is one key with its value, not a name for each value. */
function isItem(item: Item): boolean {
    return typeof (item.key ?? item.name) === 'string' && item.value !== undefined;
}

function textOf(value: unknown): string {
    return typeof value === 'string' ? value : JSON.stringify(value);
}

function expirationOf({ expiration, expiration_ttl: ttl }: Item): number | null {
    if (typeof expiration === 'number') {
        return expiration;
    }
    return typeof ttl === 'number' ? Math.ceil(now() + ttl) : null;
}

function parseLines(text: string): Content[] {
    const lines = cellsOf(text).filter((cells) => cells.some((one) => one.trim()));
    return lines.map(([name, value = '', metadata, expires], at) => {
        const expiry = expires === undefined ? {} : expiryOf(expires);
        if (typeof expiry === 'string') {
            throw new Error(t('Line {0}: {1}', at + 1, expiry));
        }
        if (!name) {
            throw new Error(t('Line {0} has no key. The columns are key, value, metadata and expiration.', at + 1));
        }
        return {
            name,
            value: { text: value },
            // a column that isn't there leaves what a key has
            ...(metadata === undefined ? {} : { metadata: metadata || null }),
            ...expiry,
        };
    });
}

/**
 * Return the cells of each line. A spreadsheet puts a cell with a tab, a line break or a quotation
 * mark between quotation marks, and doubles those in it; other cells are as they are.
 */
function cellsOf(text: string): string[][] {
    const cell = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r?\n|\r|$)/y;
    const lines: string[][] = [[]];
    while (cell.lastIndex < text.length) {
        const [whole, quoted, plain, end] = cell.exec(text) ?? [text.slice(cell.lastIndex), undefined, '', ''];
        const isQuoted = quoted !== undefined && /[\t\r\n]|""/.test(quoted);
        const written = whole.slice(0, whole.length - end.length);
        lines[lines.length - 1].push(isQuoted ? quoted.replaceAll('""', '"') : (plain ?? written));
        if (end !== '\t' && end) {
            lines.push([]);
        }
    }
    if (text.endsWith('\t')) {
        lines[lines.length - 1].push('');
    }
    return lines;
}
