/** Show bytes as what they are: JSON, text, an image, hexadecimal, and what is packed in them. */

import { decodeMulti } from '@msgpack/msgpack';
import { Decompress } from 'fzstd';
import * as zlib from 'node:zlib';
import * as vscode from 'vscode';
import { dateOf } from './epoch';
import { decode, pictureOf } from './contents';

const { t } = vscode.l10n;

const MAX_UNPACKED = 16 * 1024 * 1024; // bytes
const MAX_HEX = 64 * 1024; // bytes in the hexadecimal form; more on request
const MIN_BASE64 = 16; // characters; a shorter word is more likely just a word

/** One way to show a value. */
export interface Form {
    kind: 'json' | 'text' | 'image' | 'hex';
    /** Such as "JSON", "gzip → JSON", "Hex". */
    label: string;
    text?: string;
    base64?: string;
    /** Of an image. */
    mime?: string;
    /** What else is known, such as the date that a number stands for. */
    note?: string;
    /** Whether `text` is the value itself, and can be edited. */
    isValue?: boolean;
}

const LANGUAGES: Record<string, string> = { html: 'HTML', markdown: 'Markdown', xml: 'XML' };

/**
 * Return the ways to show a value, the most telling first, the raw bytes last.
 *
 * `kind` is its type as the server sees it. A part of a value is only shown as text and bytes.
 */
export function formsOf(
    bytes: Uint8Array,
    { kind, isPart }: { kind: string; isPart: boolean },
): Form[] {
    const forms = plainForms(bytes, '', isPart).map((form) =>
        form.kind === 'text'
            ? { ...form, label: LANGUAGES[kind] ?? form.label, isValue: !isPart }
            : form,
    );
    const inside = isPart ? undefined : unpack(bytes);
    const found = inside ? plainForms(inside.bytes, `${inside.from} → `, false) : [];
    const read = isPart ? [] : readings(decode(bytes));
    const packed = isPart ? undefined : packedJson(bytes);
    return [...(packed ? [packed] : []), ...read, ...found, ...forms, hexOf(bytes)];
}

function plainForms(bytes: Uint8Array, prefix: string, truncated: boolean): Form[] {
    const picture = pictureOf(bytes);
    if (picture && !truncated) {
        const mime = `image/${{ jpg: 'jpeg', ico: 'x-icon' }[picture] ?? picture}`;
        const base64 = Buffer.from(bytes).toString('base64');
        return [{ kind: 'image', label: prefix + t('Image'), mime, base64 }];
    }
    const text = decode(bytes);
    if (text === undefined || text.includes('\0')) {
        return [];
    }
    const plain: Form = { kind: 'text', label: prefix + t('Text'), text, note: dateOf(text) };
    return !truncated && isJson(text)
        ? [{ kind: 'json', label: `${prefix}JSON`, text }, plain]
        : [plain];
}

/** Bytes in hexadecimal, as many as are read at once. */
function hexOf(bytes: Uint8Array): Form {
    const base64 = Buffer.from(bytes.subarray(0, MAX_HEX)).toString('base64');
    return { kind: 'hex', label: t('Hex'), base64 };
}

function isJson(text: string): boolean {
    if (!/^\s*[[{]/.test(text)) {
        return false;
    }
    try {
        JSON.parse(text);
        return true;
    } catch {
        return false;
    }
}

/** What compressed bytes contain. Brotli has no mark, so it is only tried if nothing else fits. */
function unpack(bytes: Uint8Array): { from: string; bytes: Uint8Array } | undefined {
    const options = { maxOutputLength: MAX_UNPACKED };
    const [first, second] = bytes;
    const ways: [from: string, fits: boolean, open: () => Uint8Array][] = [
        ['gzip', first === 0x1f && second === 0x8b, () => zlib.gunzipSync(bytes, options)],
        ['zstd', isZstd(bytes), () => unzstd(bytes)],
        [
            'deflate',
            (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0,
            () => zlib.inflateSync(bytes, options),
        ],
        [
            'brotli',
            decode(bytes) === undefined && !pictureOf(bytes),
            () => zlib.brotliDecompressSync(bytes, options),
        ],
    ];
    for (const [from, fits, open] of ways) {
        try {
            if (fits) {
                return { from, bytes: open() };
            }
        } catch {
            // it only looked like it, or it is too large
        }
    }
    return undefined;
}

function isZstd(bytes: Uint8Array): boolean {
    return Buffer.from(bytes.subarray(0, 4)).toString('hex') === '28b52ffd';
}

function unzstd(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let size = 0;
    const stream = new Decompress((part) => {
        size += part.length;
        if (size > MAX_UNPACKED) {
            throw new RangeError(t('more than {0} bytes', MAX_UNPACKED));
        }
        parts.push(part);
    });
    stream.push(bytes, true);
    return Buffer.concat(parts);
}

/** A map or list of MessagePack that takes all of the bytes. */
function packedJson(bytes: Uint8Array): Form | undefined {
    const [first] = bytes;
    const fits = (first >= 0x80 && first <= 0x9f) || (first >= 0xdc && first <= 0xdf);
    if (!fits || decode(bytes) !== undefined) {
        return undefined;
    }
    try {
        const [value, ...more] = [...decodeMulti(bytes)];
        const text = more.length ? undefined : JSON.stringify(value, plain, 2);
        return text === undefined ? undefined : { kind: 'json', label: 'MessagePack', text };
    } catch {
        return undefined;
    }
}

function plain(_name: string, value: unknown): unknown {
    if (typeof value === 'bigint') {
        return value.toString();
    }
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** What a text is in another reading: a JSON Web Token, or base64. */
function readings(text: string | undefined): Form[] {
    const trimmed = text?.trim() ?? '';
    const token = /^(ey[\w-]+)\.(ey[\w-]+)\.[\w-]*$/.exec(trimmed);
    if (token) {
        try {
            const [header, payload] = token
                .slice(1)
                .map((part): unknown => JSON.parse(Buffer.from(part, 'base64url').toString()));
            const shown = JSON.stringify({ header, payload }, null, 2);
            const note = t('The signature is not checked.');
            return [{ kind: 'json', label: 'JWT', text: shown, note }];
        } catch {
            return [];
        }
    }
    const isBase64 = trimmed.length >= MIN_BASE64 && trimmed.length % 4 === 0;
    if (isBase64 && /^[A-Za-z0-9+/]+={0,2}$/.test(trimmed)) {
        const bytes = Buffer.from(trimmed, 'base64');
        const inside = unpack(bytes);
        const prefix = inside ? `base64 → ${inside.from} → ` : 'base64 → ';
        return plainForms(inside?.bytes ?? bytes, prefix, false).filter(
            ({ text = '' }) => !/[\u0000-\u0008\u000e-\u001f]/.test(text),
        );
    }
    return [];
}
