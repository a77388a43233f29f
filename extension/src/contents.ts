/** Detect what a value contains, and so how the editor may show it. */

import * as vscode from 'vscode';
import type { Value } from './protocol';

const { t } = vscode.l10n;

const MAX_DUMPED = 256 * 1024; // bytes that a dump shows
const ROW = 16; // bytes in a line of a dump

/**
 * The editor returns `text` unchanged. `mixed` is text with different line endings, which
 * the editor would normalize. `binary` isn't UTF-8, or contains NUL characters.
 */
export type Form = 'text' | 'mixed' | 'binary';

/** Return the form of a value. */
export function formOf(bytes: Uint8Array): Form {
    const text = decode(bytes);
    if (text === undefined || text.includes('\0')) {
        return 'binary';
    }
    const lines = text.match(/\r\n|\r|\n/g) ?? [];
    return lines.some((end) => end !== lines[0] || end === '\r') ? 'mixed' : 'text';
}

/** Return UTF-8 as text, including a byte order mark; undefined for other bytes. */
export function decode(bytes: Uint8Array): string | undefined {
    try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
        return undefined;
    }
}

/** Return the bytes of a value. */
export function bytesOf(value: Pick<Value, 'text' | 'base64'>): Uint8Array {
    return value.base64 === undefined
        ? Buffer.from(value.text ?? '', 'utf8')
        : Buffer.from(value.base64, 'base64');
}

/** The bytes as text if they are UTF-8, else in base64. */
export function bodyOf(content: Uint8Array): { text: string } | { base64: string } {
    const text = decode(content);
    return text === undefined ? { base64: Buffer.from(content).toString('base64') } : { text };
}

/** Return how many byte order marks a text begins with; editors don't show them. */
export function marksOf(text = ''): number {
    return /^\ufeff*/.exec(text)?.[0].length ?? 0;
}

/** Return bytes as lines of offset, hexadecimal digits and characters. */
export function dump(bytes: Uint8Array): Uint8Array {
    const lines: string[] = [];
    for (let at = 0; at < Math.min(bytes.length, MAX_DUMPED); at += ROW) {
        const row = bytes.subarray(at, at + ROW);
        const digits = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
        const letters = Array.from(row, (byte) =>
            byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
        ).join('');
        const offset = at.toString(16).padStart(8, '0');
        lines.push(`${offset}  ${digits.padEnd(ROW * 3 - 1)}  ${letters}`);
    }
    if (bytes.length > MAX_DUMPED) {
        lines.push(t('… {0} more bytes', (bytes.length - MAX_DUMPED).toLocaleString('en')));
    }
    return Buffer.from(lines.join('\n'));
}

const PICTURES: [ending: string, starts: RegExp][] = [
    ['png', /^\x89PNG\r\n\x1a\n/],
    ['jpg', /^\xff\xd8\xff/],
    ['gif', /^GIF8[79]a/],
    ['webp', /^RIFF[^]{4}WEBP/],
    ['bmp', /^BM[^]{4}\0\0\0\0/],
    ['ico', /^\0\0\x01\0[^\0]/],
    ['avif', /^[^]{4}ftypavi[fs]/],
];

/** Return the file extension of an image; undefined for other bytes. */
export function pictureOf(bytes: Uint8Array): string | undefined {
    const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
    return PICTURES.find(([, starts]) => starts.test(head))?.[0];
}

/** Return a name with the ending of the picture that the bytes are, if they are one. */
export function pictureName(name: string, bytes: Uint8Array): string {
    const picture = pictureOf(bytes);
    const named = new RegExp(`\\.${picture}$`, 'i').test(name.replace(/\.jpeg?$/i, '.jpg'));
    return named || !picture ? name : `${name}.${picture}`;
}

/** Names that VS Code opens in a special editor, which isn't for text. */
export function hasOwnEditor(name: string): boolean {
    return /\.(png|jpe?g|jpe|gif|bmp|webp|ico|avif|svg|mp3|wav|og[ga]|mp4|webm|ipynb)$/i.test(name);
}
