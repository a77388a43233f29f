/** Read how keys are stored now. */

import type { NamespaceRef } from '../model';
import type { Commands } from '../protocol';
import type { Server } from '../server';
import type { Content } from './messages';
import type { Stored } from './staged';

/** Bytes of a value that is read to be edited. */
export const EDITED = 1024 * 1024;
const AT_ONCE = 5000; // keys in a request

/** A key, as the server returns it. */
export type Read = Commands['kvlens.contents'][1]['contents'][number];

/** Read keys, and their values up to a number of bytes. */
export async function readContents(
    server: Server,
    namespace: NamespaceRef,
    keys: string[],
    values: number,
): Promise<Read[]> {
    const found: Read[] = [];
    for (let at = 0; at < keys.length; at += AT_ONCE) {
        const some = keys.slice(at, at + AT_ONCE);
        const query = { ...namespace, keys: some, values };
        found.push(...(await server.ask('kvlens.contents', query)).contents);
    }
    return found;
}

/** Return the stored state of a key. */
export function storedOf(one: Read): Stored {
    return { version: one.version, content: one.version ? contentOf(one) : null };
}

function contentOf(one: Read): Content {
    const { key: name, text, base64, metadataText, expiration } = one;
    const body = text === undefined ? (base64 === undefined ? undefined : { base64 }) : { text };
    return {
        name,
        ...(body ? { value: body } : {}),
        metadata: metadataText ?? null,
        expiration: expiration ?? null,
    };
}
