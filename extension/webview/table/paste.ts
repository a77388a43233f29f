/** Rows from the clipboard: JSON like a seed file's, or lines of key, value, metadata, expiration. */

import type { Content } from '../../src/table/messages';
import { parseExact } from '../../src/exactJson';
import { now, parseExpiry } from './expiry';
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
        throw new Error(t('The pasted text is not JSON: {0}', String(error)));
    }
    const items = Array.isArray(parsed)
        ? (parsed as Item[])
        : Object.entries(parsed as object).map(([key, value]): Item => ({ key, value: value as unknown }));
    return items.map((item, at) => {
        const name = item?.key ?? item?.name;
        if (typeof name !== 'string') {
            throw new Error(t('Item {0} of the pasted list has no "key".', at + 1));
        }
        const value =
            typeof item.value === 'string' ? item.value : JSON.stringify(item.value ?? '');
        return {
            name,
            value: item.base64 === true ? { base64: value } : { text: value },
            metadata: item.metadata === undefined ? null : JSON.stringify(item.metadata),
            expiration: expirationOf(item),
        };
    });
}

function expirationOf({ expiration, expiration_ttl: ttl }: Item): number | null {
    if (typeof expiration === 'number') {
        return expiration;
    }
    return typeof ttl === 'number' ? Math.ceil(now() + ttl) : null;
}

function parseLines(text: string): Content[] {
    const lines = cellsOf(text).filter((cells) => cells.some(Boolean));
    return lines.map(([name, value = '', metadata = '', expires = ''], at) => {
        const expiration = parseExpiry(expires);
        if (expiration === undefined) {
            throw new Error(t('Line {0}: "{1}" is not an expiration, such as 1h or a date.', at + 1, expires));
        }
        return { name, value: { text: value }, metadata: metadata || null, expiration };
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
    return lines;
}
