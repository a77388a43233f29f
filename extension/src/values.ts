/** Read values: their start, or all of them in parts, as a large message delays those behind it. */

import * as vscode from 'vscode';
import { bytesOf } from './contents';
import type { Value } from './protocol';
import type { Server } from './server';

/** Bytes that are read at once. */
export const PART = 1024 * 1024;
const ATTEMPTS = 5;

/** A value with all of its bytes. */
export interface Whole extends Omit<Value, 'text' | 'base64' | 'start' | 'end' | 'truncated'> {
    bytes: Uint8Array;
}

interface Space {
    config: string;
    id: string;
}

/** Read the start of a value, with what is known of all of it. */
export function peek(
    server: Server,
    { config, id }: Space,
    key: string,
    token?: vscode.CancellationToken,
): Promise<Value | null> {
    return server.ask('kvlens.get', { config, id, key, start: 0, limit: PART / 64 }, token);
}

/** Read a value; null if there is no such key. */
export async function read(server: Server, { config, id }: Space, key: string): Promise<Whole | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const parts: Uint8Array[] = [];
        let start = 0;
        let first: Value | undefined;
        for (;;) {
            const query = { config, id, key, start, limit: PART };
            const part = await server.ask('kvlens.get', query);
            if (!part) {
                return null;
            }
            first ??= part;
            if (part.digest !== first.digest) {
                break; // it was overwritten meanwhile
            }
            parts.push(bytesOf(part));
            start = part.end ?? part.size;
            if (start >= part.size) {
                const { text: _, base64: __, start: ___, end: ____, truncated: _____, ...known } = part;
                return { ...known, bytes: Buffer.concat(parts) };
            }
        }
    }
    throw new Error(vscode.l10n.t('"{0}" is overwritten faster than it can be read.', key));
}
