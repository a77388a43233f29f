/**
 * The versions of a value, as the editor distinguishes them.
 *
 * When the editor saves, it compares the time and size of the file, and asks if they aren't those
 * of the file it has read. So a value's time changes with its bytes, and its size distinguishes it
 * from other values. If the value changes between that check and the write, the store refuses.
 */

import { createHash } from 'node:crypto';
import { type Form, formOf } from '../contents';
import type { Extras } from '../protocol';

const MARKS = 1 << 20; // added to a size: less than any size limit

/** A value at a moment. */
export interface Version extends Extras {
    bytes: Uint8Array;
    /** The digest that the store compares. */
    digest: string;
    form: Form;
    /** Milliseconds; changes with the bytes. */
    mtime: number;
    /** Not the number of bytes: the editor considers files of the same size equal. */
    size: number;
}

/** Return the version with these bytes: the last one, or one that differs from it. */
export function versionOf(bytes: Uint8Array, last?: Version): Version {
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (last?.digest === digest) {
        return last;
    }
    let size = bytes.length + (Number.parseInt(digest.slice(0, 8), 16) % MARKS);
    if (size === last?.size) {
        size += 1;
    }
    return { bytes, digest, form: formOf(bytes), mtime: timeAfter(last), size };
}

/** Make the editor consider a version another one, so that it compares before it saves again. */
export function outdate(version: Version): void {
    version.mtime = timeAfter(version);
    version.size += 1;
}

function timeAfter(version?: Version): number {
    return Math.max(Date.now(), (version?.mtime ?? 0) + 1);
}
